variable "name" {
  description = "Prefix of all names, such as nyc-taxi-dev."
  type        = string
}

variable "region" {
  description = "Region, for the log driver."
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
  description = "Security groups of the programs that may use the registry, by program."
  type        = map(string)
}

variable "security_group_id" {
  description = "ID of the security group of the registry's tasks."
  type        = string
}

variable "image_tag" {
  description = "Version of Apicurio Registry, equal to the local stack's."
  type        = string
  default     = "3.3.3"
}

variable "task_count" {
  description = "Number of tasks."
  type        = number
  default     = 2
}

variable "execution_role_arn" {
  description = "ARN of the execution role with which ECS fetches the image and the password."
  type        = string
}

variable "task_role_arn" {
  description = "ARN of the task role of the program."
  type        = string
}

variable "postgres" {
  description = "Database of the registry: host, port, name, and the secret with the password of the role `registry`."
  type = object({
    host       = string
    port       = number
    database   = string
    secret_arn = string
  })
}

variable "tls" {
  description = "Certificate, its DNS name, and the private hosted zone of that name; null serves plain HTTP inside the VPC."
  type = object({
    certificate_arn = string
    host_name       = string
    zone_id         = string
  })
  default = null
}

variable "access_log_bucket" {
  description = "Bucket for the load balancer's access log; null disables the log."
  type        = string
  default     = null
}

variable "is_protected" {
  description = "Whether the load balancer and a repository with images have deletion protection."
  type        = bool
  default     = true
}

variable "data_key_arn" {
  description = "ARN of the KMS key of the image repository."
  type        = string
}

variable "logs_key_arn" {
  description = "ARN of the KMS key of the logs."
  type        = string
}
