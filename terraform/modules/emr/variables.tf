variable "name" {
  description = "Prefix of all names, such as nyc-taxi-dev."
  type        = string
}

variable "release_label" {
  description = "EMR release, with the Spark line of the local environment: 4.0."
  type        = string
  default     = "emr-spark-8.0.0"
}

variable "subnet_ids" {
  description = "IDs of the private subnets."
  type        = list(string)
}

variable "security_group_id" {
  description = "ID of the backfill's security group."
  type        = string
}

variable "maximum" {
  description = "Maximum capacity of all running backfills together."
  type = object({
    vcpus      = number
    memory_gib = number
    disk_gib   = number
  })
  default = { vcpus = 32, memory_gib = 128, disk_gib = 400 }

  validation {
    condition     = var.maximum.vcpus >= 8
    error_message = "maximum.vcpus must be at least 8: a driver and an executor of 4 vCPU, the default size."
  }

  validation {
    condition     = var.maximum.memory_gib >= 2 * var.maximum.vcpus && var.maximum.memory_gib <= 8 * var.maximum.vcpus
    error_message = "maximum.memory_gib must be 2 to 8 GiB per vCPU, as the workers have; otherwise one of the two could never be used up."
  }
}

variable "idle_minutes" {
  description = "Minutes without a backfill after which the application stops."
  type        = number
  default     = 15
}

variable "on_ec2" {
  description = "Optional EMR on EC2 cluster, in addition to the serverless application; null creates none."
  type = object({
    vpc_id               = string
    service_role_arn     = string
    instance_profile_arn = string
    log_uri              = string
    data_key_arn         = string
    certificates_s3_uri  = string
    instance_type        = optional(string, "m7g.xlarge")
    core_count           = optional(number, 2)
  })
  default = null
}
