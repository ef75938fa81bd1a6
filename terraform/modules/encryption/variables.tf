variable "name" {
  description = "Prefix of every name, such as nyc-taxi-dev."
  type        = string
}

variable "account_id" {
  description = "The account that owns the keys."
  type        = string
}

variable "region" {
  description = "The region whose log service may use the key of the logs."
  type        = string
}
