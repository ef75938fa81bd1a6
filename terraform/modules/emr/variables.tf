variable "name" {
  description = "Prefix of every name, such as nyc-taxi-dev."
  type        = string
}

variable "release_label" {
  description = "The release of EMR: Spark 4.0, the line of the local environment."
  type        = string
  default     = "emr-spark-8.0.0"
}

variable "subnet_ids" {
  description = "The private subnets."
  type        = list(string)
}

variable "security_group_id" {
  description = "The backfill's security group."
  type        = string
}

variable "maximum" {
  description = "What all running backfills together may use."
  type = object({
    vcpus      = number
    memory_gib = number
    disk_gib   = number
  })
  default = { vcpus = 32, memory_gib = 128, disk_gib = 400 }
}

variable "idle_minutes" {
  description = "After how many minutes without a backfill the application stops."
  type        = number
  default     = 15
}

variable "on_ec2" {
  description = "By choice, a cluster of machines of your own beside the serverless application; null makes none."
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
