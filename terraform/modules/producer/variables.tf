variable "name" {
  description = "Prefix of all names, such as nyc-taxi-dev."
  type        = string
}

variable "region" {
  description = "Region, for the log driver."
  type        = string
}

variable "image_tag" {
  description = "Tag of the platform's image, as printed by `make package`."
  type        = string
}

variable "can_be_emptied" {
  description = "Whether `terraform destroy` deletes the repository even if it contains images."
  type        = bool
  default     = false
}

variable "cpu" {
  description = "CPU units of a task (1024 per vCPU): two processes of a replay use 2048."
  type        = number
  default     = 2048
}

variable "memory_mib" {
  description = "Memory of a task in MiB: preparing a month takes a gigabyte."
  type        = number
  default     = 4096
}

variable "execution_role_arn" {
  description = "ARN of the execution role with which ECS fetches the image and the password."
  type        = string
}

variable "task_role_arn" {
  description = "ARN of the task role of the program."
  type        = string
}

variable "settings" {
  description = "Settings of the program, by environment variable."
  type        = map(string)
}

variable "secret_settings" {
  description = "Secret settings: environment variable and ARN of the secret."
  type        = map(string)
  default     = {}
}

variable "data_key_arn" {
  description = "ARN of the KMS key of the image repository."
  type        = string
}

variable "logs_key_arn" {
  description = "ARN of the KMS key of the logs."
  type        = string
}
