variable "name" {
  description = "Prefix of all names, such as nyc-taxi-dev."
  type        = string
}

variable "mode" {
  description = "provisioned: brokers of a chosen size; serverless: pay per throughput, with a quota for the retained data of a topic."
  type        = string
  default     = "provisioned"

  validation {
    condition     = contains(["provisioned", "serverless"], var.mode)
    error_message = "mode must be provisioned or serverless."
  }
}

variable "vpc_id" {
  description = "ID of the VPC."
  type        = string
}

variable "subnet_ids" {
  description = "IDs of the private subnets, one per availability zone."
  type        = list(string)
}

variable "client_security_group_ids" {
  description = "Security groups of the programs that may connect, by program."
  type        = map(string)
}

variable "kafka_version" {
  description = "Kafka version in the format of MSK. The local stack runs the same line."
  type        = string
  default     = "4.1.x.kraft"
}

variable "broker_instance_type" {
  description = "Instance type of a broker."
  type        = string
  default     = "kafka.m7g.large"

  validation {
    condition     = local.is_serverless || contains(keys(local.partitions_per_broker), var.broker_instance_type)
    error_message = "broker_instance_type must be one of ${join(", ", keys(local.partitions_per_broker))}."
  }
}

variable "broker_count" {
  description = "Number of brokers: a multiple of the number of subnets."
  type        = number
  default     = 3

  validation {
    condition     = var.broker_count >= 2
    error_message = "broker_count must be at least 2: with one broker, every restart is an outage and nothing is replicated."
  }

  validation {
    condition     = local.is_serverless || var.broker_count % length(var.subnet_ids) == 0
    error_message = "broker_count must be a multiple of the number of subnets, because MSK places as many brokers in each."
  }
}

variable "broker_volume_gib" {
  description = "Initial disk size of a broker, in GiB."
  type        = number
  default     = 100

  validation {
    condition     = var.broker_volume_gib >= 1 && var.broker_volume_gib <= var.broker_volume_limit_gib
    error_message = "broker_volume_gib must be at least 1 and at most broker_volume_limit_gib."
  }
}

variable "broker_volume_limit_gib" {
  description = "Maximum disk size of a broker, in GiB. Disks grow automatically, because trips are kept without limit."
  type        = number
  default     = 500

  validation {
    condition     = var.broker_volume_limit_gib <= 16384
    error_message = "broker_volume_limit_gib must be at most 16384, the largest disk of a broker."
  }
}

variable "partitions" {
  description = "Default number of partitions of a topic: a multiple of the parallelism of the job that reads it."
  type        = number
  default     = 2

  validation {
    condition     = var.partitions >= 1
    error_message = "partitions must be at least 1."
  }

  validation {
    condition     = local.is_serverless || var.partitions <= local.most_partitions
    error_message = "partitions must be at most ${local.most_partitions} with ${var.broker_count} × ${var.broker_instance_type}, by what AWS recommends for a broker, replicas included: choose a bigger type, more brokers, or fewer partitions."
  }
}

variable "data_key_arn" {
  description = "ARN of the KMS key of the brokers' disks."
  type        = string
}

variable "logs_key_arn" {
  description = "ARN of the KMS key of the brokers' logs."
  type        = string
}
