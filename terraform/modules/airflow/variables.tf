variable "name" {
  description = "Prefix of all names, such as nyc-taxi-dev."
  type        = string
}

variable "airflow_version" {
  description = "Airflow version. 3.0.6 is the newest in the reference of MWAA's API, 3.2.1 in its user guide: ask your region with `aws mwaa create-environment help`."
  type        = string
  default     = "3.0.6"
  nullable    = false

  validation {
    condition     = contains(["3.0.6", "3.2.1"], var.airflow_version)
    error_message = "airflow_version must be 3.0.6 or 3.2.1: AWS documents these versions of Airflow 3, and the DAGs are tested on them."
  }
}

variable "environment_class" {
  description = "Environment class: the size of scheduler, workers and web server."
  type        = string
  default     = "mw1.small"
}

variable "max_workers" {
  description = "Maximum number of workers. A task that waits for Spark occupies a slot of a worker."
  type        = number
  default     = 2
}

variable "role_arn" {
  description = "ARN of the execution role of Airflow and its tasks."
  type        = string
}

variable "artifacts_bucket_arn" {
  description = "ARN of the bucket with the DAGs, requirements and plugins."
  type        = string
}

variable "bundle_key" {
  description = "Folder of `make package` in that bucket: DAGs, requirements, plugins and start-up script. Null starts Airflow without them."
  type        = string
  default     = null

  validation {
    condition     = var.bundle_key == null || can(regex("^airflow/bundle-[0-9a-f]{12}$", var.bundle_key))
    error_message = "bundle_key must be the key that `./taxi package` printed: airflow/bundle- and twelve digits."
  }
}

variable "settings" {
  description = "Settings of the programs, by environment variable. Airflow passes them to its tasks."
  type        = map(string)
  default     = {}
}

variable "subnet_ids" {
  description = "IDs of two private subnets."
  type        = list(string)

  validation {
    condition     = length(var.subnet_ids) == 2
    error_message = "MWAA requires exactly two subnets."
  }
}

variable "security_group_id" {
  description = "ID of Airflow's security group."
  type        = string
}

variable "data_key_arn" {
  description = "ARN of the KMS key of Airflow's database and queue."
  type        = string
}
