variable "name" {
  description = "Prefix of every name, such as nyc-taxi-dev."
  type        = string
}

variable "job_name" {
  description = "The job, a folder of flink_jobs/."
  type        = string
  default     = "zone_fares"
}

variable "runtime_environment" {
  description = "Flink's version, as the service writes it; the local stack runs the same line. FLINK-2_2 needs the AWS provider 6.40 or newer."
  type        = string
  default     = "FLINK-2_2"

  validation {
    condition     = can(regex("^FLINK-[0-9]+_[0-9]+$", var.runtime_environment))
    error_message = "runtime_environment is written like FLINK-2_2."
  }
}

variable "role_arn" {
  description = "The role of the job."
  type        = string
}

variable "code_bucket_arn" {
  description = "The bucket with the code zip of `make package`."
  type        = string
}

variable "code_key" {
  description = "The zip's key, with the release in it."
  type        = string
}

variable "code_version" {
  description = "The version of that object; null takes the newest."
  type        = string
  default     = null
}

variable "settings" {
  description = "The job's settings, by the names of its environment variables. No secrets: they are shown to whoever may describe the application."
  type        = map(string)

  validation {
    condition     = !anytrue([for value in values(var.settings) : can(regex("://[^/@]*:[^/@]+@", value))])
    error_message = "a setting holds a password; name its secret instead."
  }
}

variable "subnet_ids" {
  description = "The private subnets."
  type        = list(string)
}

variable "security_group_id" {
  description = "The job's security group."
  type        = string
}

variable "parallelism" {
  description = "How many slots the job starts with."
  type        = number
  default     = 2
}

variable "parallelism_per_kpu" {
  description = "Slots that share a processor unit (1 vCPU, 4 GB)."
  type        = number
  default     = 1
}

variable "has_autoscaling" {
  description = "Whether the service scales by the processors' load. Each time it stops the job with a snapshot and starts it again."
  type        = bool
  default     = true
}

variable "is_started" {
  description = "Whether Terraform starts the application; otherwise `./taxi job deploy --on managed-flink` does."
  type        = bool
  default     = false
}

variable "logs_key_arn" {
  description = "The key of the logs."
  type        = string
}
