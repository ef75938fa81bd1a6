variable "name" {
  description = "Prefix of all names, such as nyc-taxi-dev."
  type        = string
}

variable "vpc_id" {
  description = "ID of the VPC."
  type        = string
}

variable "subnet_ids" {
  description = "IDs of the private subnets, in at least two availability zones."
  type        = list(string)
}

variable "client_security_group_ids" {
  description = "Security groups of the programs that may connect, by program."
  type        = map(string)
}

variable "database_roles" {
  description = "Database roles of the programs; each gets an empty secret for its password."
  type        = set(string)
}

variable "engine_version" {
  description = "Major version of Postgres; minor versions are applied automatically in the maintenance window."
  type        = string
  default     = "18"
}

variable "instance_class" {
  description = "Instance class of the database."
  type        = string
  default     = "db.t4g.medium"
}

variable "storage_gib" {
  description = "Initial disk size, in GiB."
  type        = number
  default     = 50
}

variable "storage_limit_gib" {
  description = "Maximum disk size, in GiB; the disk grows automatically."
  type        = number
  default     = 500

  validation {
    condition     = var.storage_limit_gib >= 1.1 * var.storage_gib
    error_message = "storage_limit_gib must exceed storage_gib by at least 10 %: RDS rejects a lower limit."
  }
}

variable "is_multi_az" {
  description = "Whether a standby in another availability zone takes over if the primary fails."
  type        = bool
  default     = true
}

variable "backup_days" {
  description = "Retention of backups in days, for point-in-time recovery."
  type        = number
  default     = 14

  validation {
    condition     = var.backup_days >= 1
    error_message = "backup_days must be at least 1: without backups, a mistake can lose the tables."
  }
}

variable "is_protected" {
  description = "Whether the database has deletion protection and leaves a final snapshot."
  type        = bool
  default     = true
}

variable "monitoring_role_arn" {
  description = "ARN of the role with which RDS writes enhanced monitoring metrics."
  type        = string
}

variable "data_key_arn" {
  description = "ARN of the KMS key of the disk, the backups and the passwords."
  type        = string
}

variable "logs_key_arn" {
  description = "ARN of the KMS key of the logs."
  type        = string
}
