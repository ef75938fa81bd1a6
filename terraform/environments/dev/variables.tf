variable "account_id" {
  description = "The account to build in: credentials of any other are refused."
  type        = string
}

variable "region" {
  description = "The region to build in."
  type        = string
  default     = "us-east-1"
}

variable "availability_zones" {
  description = "Two zones of the region."
  type        = list(string)
  default     = ["us-east-1a", "us-east-1b"]
}

variable "email_addresses" {
  description = "Who is told of alarms."
  type        = set(string)
}

variable "release" {
  description = "What `make package` has put into the artifacts bucket and the repositories: the tag of the image, and the keys that it printed."
  type = object({
    image_tag          = string
    flink_code_key     = string
    flink_code_version = optional(string)
    emr_code_key       = optional(string)
    airflow_bundle_key = optional(string)
  })
}

variable "flink_runtime" {
  description = "Flink's version as the managed service writes it. FLINK-2_2 needs the AWS provider 6.40 or newer."
  type        = string
  default     = "FLINK-2_2"
}
