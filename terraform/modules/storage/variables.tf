variable "name" {
  description = "Prefix of every name, such as nyc-taxi-dev."
  type        = string
}

variable "account_id" {
  description = "The account, part of the buckets' names, which are unique in the world."
  type        = string
}

variable "data_key_arn" {
  description = "The key that encrypts the objects."
  type        = string
}

variable "can_be_emptied" {
  description = "Whether `terraform destroy` removes the buckets with what they hold."
  type        = bool
  default     = false
}

variable "raw_days_until_infrequent_access" {
  description = "After how many days a raw month, read by backfills only, goes to the cheaper class."
  type        = number
  default     = 90

  validation {
    condition     = var.raw_days_until_infrequent_access >= 30
    error_message = "S3 takes nothing into that class before 30 days."
  }
}

variable "noncurrent_days" {
  description = "For how many days an overwritten or deleted object can be brought back."
  type        = number
  default     = 30
}
