variable "name" {
  description = "Prefix of all names, such as nyc-taxi-dev."
  type        = string
}

variable "account_id" {
  description = "ID of the account that owns the keys."
  type        = string
}

variable "region" {
  description = "Region whose log service may use the key of the logs."
  type        = string
}
