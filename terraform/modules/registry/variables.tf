variable "name" {
  description = "Prefix of every name, such as nyc-taxi-dev."
  type        = string
}

variable "region" {
  description = "The region, for the log driver."
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
  description = "The programs that may ask for schemas, by name."
  type        = map(string)
}

variable "security_group_id" {
  description = "The group of the registry's own tasks."
  type        = string
}

variable "image_tag" {
  description = "The version of Apicurio Registry: the one of the local stack."
  type        = string
  default     = "3.3.3"
}

variable "task_count" {
  description = "How many tasks serve."
  type        = number
  default     = 2
}

variable "execution_role_arn" {
  description = "The role by which ECS fetches the image and the password."
  type        = string
}

variable "task_role_arn" {
  description = "The role of the program itself."
  type        = string
}

variable "postgres" {
  description = "Where the registry keeps its schemas: host, port, database, and the secret with the password of the role `registry`."
  type = object({
    host       = string
    port       = number
    database   = string
    secret_arn = string
  })
}

variable "tls" {
  description = "A certificate, the name that it is for, and the private zone of that name; null serves plain HTTP inside the VPC."
  type = object({
    certificate_arn = string
    host_name       = string
    zone_id         = string
  })
  default = null
}

variable "access_log_bucket" {
  description = "The bucket for the balancer's access log; null keeps none."
  type        = string
  default     = null
}

variable "is_protected" {
  description = "Whether the balancer, and a repository with images, refuse to be deleted."
  type        = bool
  default     = true
}

variable "data_key_arn" {
  description = "The key of the image repository."
  type        = string
}

variable "logs_key_arn" {
  description = "The key of the logs."
  type        = string
}
