variable "account_id" {
  description = "AWS account ID; credentials of any other account are refused."
  type        = string
}

variable "region" {
  description = "AWS region."
  type        = string
  default     = "us-east-1"
}

variable "availability_zones" {
  description = "Two availability zones of the region."
  type        = list(string)
  default     = ["us-east-1a", "us-east-1b"]
}

variable "email_addresses" {
  description = "Email addresses that receive alarms."
  type        = set(string)
}

variable "release" {
  description = "Artifacts that `make package` uploaded: the tag of the image, and the keys that it printed."
  type = object({
    image_tag          = string
    flink_code_key     = string
    flink_code_version = optional(string)
    emr_code_key       = optional(string)
    airflow_bundle_key = optional(string)
  })
}

variable "flink_runtime" {
  description = "Flink version in the format of the managed service. FLINK-2_2 requires the AWS provider 6.40 or newer."
  type        = string
  default     = "FLINK-2_2"
}

variable "airflow_version" {
  description = "Airflow version of MWAA: 3.0.6, the default, or 3.2.1 where your region offers it."
  type        = string
  default     = null
}
