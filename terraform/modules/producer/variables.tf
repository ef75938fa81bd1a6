variable "name" {
  description = "Prefix of every name, such as nyc-taxi-dev."
  type        = string
}

variable "region" {
  description = "The region, for the log driver."
  type        = string
}

variable "image_tag" {
  description = "The tag of the platform's image, as `make package` names it."
  type        = string
}

variable "can_be_emptied" {
  description = "Whether `terraform destroy` removes the repository with its images."
  type        = bool
  default     = false
}

variable "cpu" {
  description = "A thousandth of processors for a task: two lanes of a replay use 2048."
  type        = number
  default     = 2048
}

variable "memory_mib" {
  description = "The memory of a task: preparing a month takes a gigabyte."
  type        = number
  default     = 4096
}

variable "execution_role_arn" {
  description = "The role by which ECS fetches the image and the password."
  type        = string
}

variable "task_role_arn" {
  description = "The role of the program itself."
  type        = string
}

variable "settings" {
  description = "The program's settings, by the names of its environment variables."
  type        = map(string)
}

variable "secret_settings" {
  description = "Settings that hold a secret: the variable's name and the secret's ARN."
  type        = map(string)
  default     = {}
}

variable "data_key_arn" {
  description = "The key of the image repository."
  type        = string
}

variable "logs_key_arn" {
  description = "The key of the logs."
  type        = string
}
