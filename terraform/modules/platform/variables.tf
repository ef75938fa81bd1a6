variable "name" {
  description = "Prefix of every name: short, as balancers allow 32 characters."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,19}$", var.name))
    error_message = "name is 3 to 20 small letters, digits and dashes, and begins with a letter."
  }
}

variable "account_id" {
  description = "The account to build in."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "An account's number has twelve digits."
  }
}

variable "region" {
  description = "The region to build in."
  type        = string
}

variable "availability_zones" {
  description = "Two or three zones of the region."
  type        = list(string)
}

variable "cidr_block" {
  description = "The addresses of the VPC, a /16."
  type        = string
  default     = "10.40.0.0/16"
}

variable "is_protected" {
  description = "Whether what holds data refuses to be deleted, and outlives a zone."
  type        = bool
  default     = true
}

variable "email_addresses" {
  description = "Who is told of alarms."
  type        = set(string)
}

variable "monthly_budget_usd" {
  description = "What a month may cost."
  type        = number
}

variable "release" {
  description = "What `make package` has put into the artifacts bucket and the repositories."
  type = object({
    image_tag          = string
    flink_code_key     = string
    flink_code_version = optional(string)
    emr_code_key       = optional(string)
    airflow_bundle_key = optional(string)
  })
}

variable "kafka" {
  description = "The cluster's kind and size."
  type = object({
    mode                    = optional(string, "provisioned")
    broker_instance_type    = optional(string, "kafka.m7g.large")
    broker_count            = optional(number, 3)
    broker_volume_gib       = optional(number, 100)
    broker_volume_limit_gib = optional(number, 500)
  })
}

variable "flink" {
  description = "The job's version of Flink and its size."
  type = object({
    runtime_environment = optional(string, "FLINK-2_2")
    parallelism         = optional(number, 2)
    parallelism_per_kpu = optional(number, 1)
    has_autoscaling     = optional(bool, true)
  })
}

variable "emr" {
  description = "What all backfills together may use; and, by choice, a cluster on EC2."
  type = object({
    vcpus      = optional(number, 32)
    memory_gib = optional(number, 128)
    disk_gib   = optional(number, 400)
    on_ec2 = optional(object({
      certificates_s3_uri = string
      instance_type       = optional(string, "m7g.xlarge")
      core_count          = optional(number, 2)
    }))
  })
}

variable "postgres" {
  description = "The database's size."
  type = object({
    instance_class    = optional(string, "db.t4g.medium")
    storage_gib       = optional(number, 50)
    storage_limit_gib = optional(number, 500)
    backup_days       = optional(number, 14)
  })
}

variable "registry" {
  description = "How many tasks serve schemas, and the certificate that they are served under."
  type = object({
    task_count = optional(number, 2)
    tls = optional(object({
      certificate_arn = string
      host_name       = string
      zone_id         = string
    }))
  })
}

variable "airflow" {
  description = "Airflow's version and size."
  type = object({
    airflow_version   = optional(string, "3.0.6")
    environment_class = optional(string, "mw1.small")
    max_workers       = optional(number, 2)
  })
}
