variable "name" {
  description = "Prefix of all names, such as nyc-taxi-dev."
  type        = string
}

variable "region" {
  description = "Region, for the service names of the endpoints."
  type        = string
}

variable "account_id" {
  description = "ID of the account whose buckets can be reached from the VPC; no other buckets can."
  type        = string
}

variable "readable_foreign_buckets" {
  description = "Buckets of AWS that can be read from the VPC: ECR stores image layers in one."
  type        = set(string)
}

variable "cidr_block" {
  description = "CIDR block of the VPC, a /16."
  type        = string
  default     = "10.40.0.0/16"

  validation {
    condition     = can(cidrhost(var.cidr_block, 0)) && endswith(var.cidr_block, "/16")
    error_message = "cidr_block must be a /16: each availability zone uses a /20 of it."
  }
}

variable "availability_zones" {
  description = "Two or three availability zones; each gets a private subnet."
  type        = list(string)

  validation {
    condition     = contains([2, 3], length(var.availability_zones))
    error_message = "Give two or three availability zones: MWAA and RDS need two, Kafka is best with three."
  }
}

variable "interface_services" {
  description = "AWS services with an interface endpoint in the VPC, which has no route to the internet."
  type        = set(string)
}

variable "has_endpoints_in_every_zone" {
  description = "Whether endpoints are in all availability zones and survive the loss of one; each zone costs as much as the first."
  type        = bool
  default     = true
}

variable "programs" {
  description = "The programs, each with its own security group, and the ports in the VPC that each may reach."
  type        = map(set(number))
}

variable "logs_key_arn" {
  description = "ARN of the KMS key of the flow log."
  type        = string
}

variable "flow_log_role_arn" {
  description = "ARN of the role with which the VPC writes its flow log."
  type        = string
}
