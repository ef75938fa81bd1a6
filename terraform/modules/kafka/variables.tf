variable "name" {
  description = "Prefix of every name, such as nyc-taxi-dev."
  type        = string
}

variable "mode" {
  description = "provisioned: brokers of a size that you choose; serverless: paid by what passes, and topics keep no more than what its quota allows."
  type        = string
  default     = "provisioned"

  validation {
    condition     = contains(["provisioned", "serverless"], var.mode)
    error_message = "mode is provisioned or serverless."
  }
}

variable "vpc_id" {
  description = "The VPC."
  type        = string
}

variable "subnet_ids" {
  description = "The private subnets, one a zone."
  type        = list(string)
}

variable "client_security_group_ids" {
  description = "The programs that may connect, by name."
  type        = map(string)
}

variable "kafka_version" {
  description = "The version of Kafka, as MSK writes it. The local stack runs the same line."
  type        = string
  default     = "4.1.x.kraft"
}

variable "broker_instance_type" {
  description = "The size of a broker."
  type        = string
  default     = "kafka.m7g.large"
}

variable "broker_count" {
  description = "How many brokers: a multiple of the number of subnets."
  type        = number
  default     = 3

  validation {
    condition     = var.broker_count >= 2
    error_message = "With one broker every restart is an outage, and nothing is replicated."
  }
}

variable "broker_volume_gib" {
  description = "The disk of a broker at the start."
  type        = number
  default     = 100
}

variable "broker_volume_limit_gib" {
  description = "To what a broker's disk may grow by itself: trips are kept for ever."
  type        = number
  default     = 500
}

variable "partitions" {
  description = "Of a topic that is made without a number: a multiple of the parallelism of the job that reads it."
  type        = number
  default     = 2

  validation {
    condition     = var.partitions >= 1
    error_message = "A topic has at least one partition."
  }
}

variable "data_key_arn" {
  description = "The key of what lies on the brokers' disks."
  type        = string
}

variable "logs_key_arn" {
  description = "The key of the brokers' logs."
  type        = string
}
