variable "name" {
  description = "Prefix of all names. It must be short, because load balancers allow 32 characters."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,19}$", var.name))
    error_message = "name must be 3 to 20 lower-case letters, digits and dashes, and begin with a letter."
  }
}

variable "account_id" {
  description = "AWS account ID."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id must have twelve digits."
  }
}

variable "region" {
  description = "AWS region."
  type        = string
}

variable "availability_zones" {
  description = "Two or three availability zones of the region."
  type        = list(string)
}

variable "cidr_block" {
  description = "CIDR block of the VPC, a /16."
  type        = string
  default     = "10.40.0.0/16"
}

variable "is_protected" {
  description = "Whether stateful resources have deletion protection and survive the loss of an availability zone."
  type        = bool
  default     = true
}

variable "email_addresses" {
  description = "Email addresses that receive alarms."
  type        = set(string)
}

variable "monthly_budget_usd" {
  description = "Monthly budget."
  type        = number
}

variable "release" {
  description = "Artifacts that `make package` uploaded to the artifacts bucket and the repositories."
  type = object({
    image_tag          = string
    flink_code_key     = string
    flink_code_version = optional(string)
    emr_code_key       = optional(string)
    airflow_bundle_key = optional(string)
  })
}

variable "kafka" {
  description = "Mode and size of the Kafka cluster. trips_partitions is as few as the parallelism of the job allows, unless it is given."
  type = object({
    mode                    = optional(string, "provisioned")
    broker_instance_type    = optional(string, "kafka.m7g.large")
    broker_count            = optional(number, 3)
    broker_volume_gib       = optional(number, 100)
    broker_volume_limit_gib = optional(number, 500)
    trips_partitions        = optional(number)
  })

  validation {
    condition     = coalesce(var.kafka.trips_partitions, local.smallest_partitions) % local.smallest_partitions == 0
    error_message = "kafka.trips_partitions must be a multiple of ${local.smallest_partitions}: flink.parallelism, times four with autoscaling. Otherwise some subtasks of the job would read more partitions than others, or none."
  }
}

variable "flink" {
  description = "Flink version and size of the job."
  type = object({
    runtime_environment = optional(string, "FLINK-2_2")
    parallelism         = optional(number, 2)
    parallelism_per_kpu = optional(number, 1)
    has_autoscaling     = optional(bool, true)
  })
}

variable "emr" {
  description = "Maximum capacity of all backfills together, and an optional EMR on EC2 cluster."
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
  description = "Size of the database."
  type = object({
    instance_class    = optional(string, "db.t4g.medium")
    storage_gib       = optional(number, 50)
    storage_limit_gib = optional(number, 500)
    backup_days       = optional(number, 14)
  })
}

variable "registry" {
  description = "Number of tasks of the schema registry, and its certificate."
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
  description = "Version and size of Airflow; null is the default version of the module."
  type = object({
    airflow_version   = optional(string)
    environment_class = optional(string, "mw1.small")
    max_workers       = optional(number, 2)
  })
}
