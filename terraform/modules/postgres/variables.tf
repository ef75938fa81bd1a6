variable "name" {
  description = "Prefix of every name, such as nyc-taxi-dev."
  type        = string
}

variable "vpc_id" {
  description = "The VPC."
  type        = string
}

variable "subnet_ids" {
  description = "The private subnets, in at least two zones."
  type        = list(string)
}

variable "client_security_group_ids" {
  description = "The programs that may connect, by name."
  type        = map(string)
}

variable "database_roles" {
  description = "The roles of the database that programs log in as; each gets an empty secret for its password."
  type        = set(string)
}

variable "engine_version" {
  description = "The major version of Postgres; minor ones come by themselves, in the maintenance window."
  type        = string
  default     = "18"
}

variable "instance_class" {
  description = "The size of the database."
  type        = string
  default     = "db.t4g.medium"
}

variable "storage_gib" {
  description = "The disk at the start."
  type        = number
  default     = 50
}

variable "storage_limit_gib" {
  description = "To what the disk may grow by itself."
  type        = number
  default     = 500
}

variable "is_multi_az" {
  description = "Whether a second database in another zone takes over when the first fails."
  type        = bool
  default     = true
}

variable "backup_days" {
  description = "For how many days any second can be restored."
  type        = number
  default     = 14

  validation {
    condition     = var.backup_days >= 1
    error_message = "Without a backup a slip of the hand loses the tables."
  }
}

variable "is_protected" {
  description = "Whether the database refuses to be deleted, and leaves a snapshot when it is."
  type        = bool
  default     = true
}

variable "monitoring_role_arn" {
  description = "The role by which RDS writes the system's metrics."
  type        = string
}

variable "data_key_arn" {
  description = "The key of the disk, the backups and the passwords."
  type        = string
}

variable "logs_key_arn" {
  description = "The key of the logs."
  type        = string
}
