variable "name" {
  description = "Prefix of every name, such as nyc-taxi-dev."
  type        = string
}

variable "airflow_version" {
  description = "The version of Airflow: the newest 3.x that MWAA offers in your region."
  type        = string
  default     = "3.0.6"

  validation {
    condition     = startswith(var.airflow_version, "3.")
    error_message = "The DAGs are written for Airflow 3."
  }
}

variable "environment_class" {
  description = "The size of scheduler, workers and web server."
  type        = string
  default     = "mw1.small"
}

variable "max_workers" {
  description = "How many workers there may be: a task that waits for Spark holds a place on one."
  type        = number
  default     = 2
}

variable "role_arn" {
  description = "The role of Airflow and its tasks."
  type        = string
}

variable "artifacts_bucket_arn" {
  description = "The bucket with the DAGs, the requirements and the plugins."
  type        = string
}

variable "bundle_key" {
  description = "The folder of `make package` in that bucket: DAGs, requirements, plugins and start-up script. Null starts Airflow without any."
  type        = string
  default     = null

  validation {
    condition     = var.bundle_key == null || can(regex("^airflow/bundle-[0-9a-f]{12}$", var.bundle_key))
    error_message = "bundle_key is what `./taxi package` printed: airflow/bundle- and twelve digits."
  }
}

variable "settings" {
  description = "Settings of the programs, by their variables' names. Airflow hands them on to its tasks."
  type        = map(string)
  default     = {}
}

variable "subnet_ids" {
  description = "Two private subnets."
  type        = list(string)

  validation {
    condition     = length(var.subnet_ids) == 2
    error_message = "MWAA takes exactly two subnets."
  }
}

variable "security_group_id" {
  description = "Airflow's security group."
  type        = string
}

variable "data_key_arn" {
  description = "The key of Airflow's database and queue."
  type        = string
}
