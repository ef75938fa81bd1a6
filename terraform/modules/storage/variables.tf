variable "name" {
  description = "Prefix of all names, such as nyc-taxi-dev."
  type        = string
}

variable "account_id" {
  description = "AWS account ID, a part of the bucket names, which are globally unique."
  type        = string
}

variable "data_key_arn" {
  description = "ARN of the KMS key that encrypts the objects."
  type        = string
}

variable "can_be_emptied" {
  description = "Whether `terraform destroy` deletes the buckets even if they contain objects."
  type        = bool
  default     = false
}

variable "raw_days_until_infrequent_access" {
  description = "Days after which a raw month, which only backfills read, moves to a cheaper storage class."
  type        = number
  default     = 90

  validation {
    condition     = var.raw_days_until_infrequent_access >= 30
    error_message = "raw_days_until_infrequent_access must be at least 30: S3 moves no object to that class earlier."
  }
}

variable "noncurrent_days" {
  description = "Days for which an overwritten or deleted object can be restored."
  type        = number
  default     = 30
}
