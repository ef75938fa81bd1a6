variable "name" {
  description = "Prefix of every name, such as nyc-taxi-dev."
  type        = string
}

variable "account_id" {
  description = "The account whose alarms and events may be published."
  type        = string
}

variable "data_key_arn" {
  description = "The key of the messages."
  type        = string
}

variable "email_addresses" {
  description = "Who is told. Each gets a mail first, and must confirm it."
  type        = set(string)

  validation {
    condition     = length(var.email_addresses) > 0
    error_message = "An alarm that reaches nobody is none: name an address."
  }
}

variable "flink_application_name" {
  description = "The application to watch."
  type        = string
}

variable "kafka_cluster_name" {
  description = "The cluster to watch."
  type        = string
}

variable "kafka_broker_count" {
  description = "How many brokers have disks to watch; none in a serverless cluster."
  type        = number
}

variable "trips_topic" {
  description = "The topic of the trips."
  type        = string
}

variable "consumer_group" {
  description = "The group in which the job leaves its offsets, at each checkpoint."
  type        = string
}

variable "lag_limit_records" {
  description = "How many trips the job may be behind."
  type        = number
  default     = 500000
}

variable "checkpoint_limit_seconds" {
  description = "How long a checkpoint may take; they are due every five seconds."
  type        = number
  default     = 60
}

variable "postgres_identifier" {
  description = "The database to watch."
  type        = string
}

variable "emr_application_id" {
  description = "The serverless application whose failed backfills are told."
  type        = string
}

variable "emr_on_ec2" {
  description = "The cluster on EC2 whose failed steps are told; null where there is none."
  type        = object({ cluster_id = string })
  default     = null
}

variable "airflow_environment_name" {
  description = "The Airflow to watch."
  type        = string
}

variable "registry" {
  description = "The registry to watch: its ECS cluster and service."
  type = object({
    cluster_name = string
    service_name = string
  })
}

variable "monthly_budget_usd" {
  description = "What a month may cost. Told at 80 % spent and at 100 % foreseen."
  type        = number
}
