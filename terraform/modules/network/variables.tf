variable "name" {
  description = "Prefix of every name, such as nyc-taxi-dev."
  type        = string
}

variable "region" {
  description = "The region, for the names of the endpoints' services."
  type        = string
}

variable "account_id" {
  description = "The account whose buckets can be reached from here, and nobody else's."
  type        = string
}

variable "readable_foreign_buckets" {
  description = "Buckets of AWS that are read from here: ECR keeps the layers of images in one."
  type        = set(string)
}

variable "cidr_block" {
  description = "The addresses of the VPC, a /16."
  type        = string
  default     = "10.40.0.0/16"

  validation {
    condition     = can(cidrhost(var.cidr_block, 0)) && endswith(var.cidr_block, "/16")
    error_message = "cidr_block must be a /16: each zone takes a /20 of it."
  }
}

variable "availability_zones" {
  description = "The zones that get a private subnet each, two or three."
  type        = list(string)

  validation {
    condition     = contains([2, 3], length(var.availability_zones))
    error_message = "MWAA and RDS need two zones, and three serve Kafka; name two or three."
  }
}

variable "interface_services" {
  description = "AWS services that are reached inside the VPC, as there is no way out of it."
  type        = set(string)
}

variable "has_endpoints_in_every_zone" {
  description = "Whether an endpoint survives the loss of a zone; each zone costs as much as the first."
  type        = bool
  default     = true
}

variable "programs" {
  description = "The programs that get a security group each, and the ports inside the VPC that each may reach."
  type        = map(set(number))
}

variable "logs_key_arn" {
  description = "The key of the flow log."
  type        = string
}

variable "flow_log_role_arn" {
  description = "The role by which the VPC writes its flow log."
  type        = string
}
