variable "name" {
  description = "Prefix of all names, such as nyc-taxi-dev."
  type        = string
}

variable "job_name" {
  description = "Name of the job: a folder of flink_jobs/."
  type        = string
  default     = "zone_fares"
}

variable "runtime_environment" {
  description = "Flink version in the format of the service; the local stack runs the same line. FLINK-2_2 requires the AWS provider 6.40 or newer."
  type        = string
  default     = "FLINK-2_2"

  validation {
    condition     = can(regex("^FLINK-[0-9]+_[0-9]+$", var.runtime_environment))
    error_message = "runtime_environment must have the format FLINK-2_2."
  }
}

variable "role_arn" {
  description = "ARN of the role of the job."
  type        = string
}

variable "code_bucket_arn" {
  description = "ARN of the bucket with the code zip of `make package`."
  type        = string
}

variable "code_key" {
  description = "Key of the zip; it contains the release."
  type        = string
}

variable "code_version" {
  description = "Version of that object; null means the newest."
  type        = string
  default     = null
}

variable "settings" {
  description = "Settings of the job, by environment variable. They must not contain secrets: any user that may describe the application can read them."
  type        = map(string)

  validation {
    condition     = !anytrue([for value in values(var.settings) : can(regex("://[^/@]*:[^/@]+@", value))])
    error_message = "settings must not contain a password; name its secret instead."
  }
}

variable "subnet_ids" {
  description = "IDs of the private subnets."
  type        = list(string)
}

variable "security_group_id" {
  description = "ID of the job's security group."
  type        = string
}

variable "parallelism" {
  description = "Initial parallelism of the job."
  type        = number
  default     = 2

  validation {
    condition     = var.parallelism >= 1 && ceil(var.parallelism / max(var.parallelism_per_kpu, 1)) <= 64
    error_message = "parallelism must be at least 1, and at most ${64 * var.parallelism_per_kpu}: an application may have 64 KPU by default."
  }
}

variable "parallelism_per_kpu" {
  description = "Number of slots per Kinesis processing unit (1 vCPU, 4 GB)."
  type        = number
  default     = 1

  validation {
    condition     = contains(range(1, 9), var.parallelism_per_kpu)
    error_message = "parallelism_per_kpu must be 1 to 8."
  }
}

variable "has_autoscaling" {
  description = "Whether the service scales by CPU load. Each time, it stops the job with a snapshot and starts it again."
  type        = bool
  default     = true
}

variable "is_started" {
  description = "Whether Terraform starts the application; otherwise `./taxi job deploy --on managed-flink` does."
  type        = bool
  default     = false
}

variable "logs_key_arn" {
  description = "ARN of the KMS key of the logs."
  type        = string
}
