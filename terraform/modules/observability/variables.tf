variable "name" {
  description = "Prefix of all names, such as nyc-taxi-dev."
  type        = string
}

variable "account_id" {
  description = "ID of the account whose alarms and events may be published."
  type        = string
}

variable "data_key_arn" {
  description = "ARN of the KMS key of the messages."
  type        = string
}

variable "email_addresses" {
  description = "Email addresses that receive alarms. Each must confirm the subscription by mail first."
  type        = set(string)

  validation {
    condition     = length(var.email_addresses) > 0
    error_message = "Give at least one email address: otherwise no user receives alarms."
  }
}

variable "flink_application_name" {
  description = "Name of the monitored Flink application."
  type        = string
}

variable "kafka_cluster_name" {
  description = "Name of the monitored Kafka cluster."
  type        = string
}

variable "kafka_broker_count" {
  description = "Number of brokers with monitored disks; 0 for a serverless cluster."
  type        = number
}

variable "trips_topic" {
  description = "Topic of the trips."
  type        = string
}

variable "consumer_group" {
  description = "Consumer group to which the job commits its offsets at each checkpoint."
  type        = string
}

variable "lag_limit_records" {
  description = "Maximum lag of the job, in trips."
  type        = number
  default     = 500000
}

variable "checkpoint_limit_seconds" {
  description = "Maximum duration of a checkpoint, in seconds. Checkpoints start every five seconds."
  type        = number
  default     = 60
}

variable "postgres_identifier" {
  description = "Identifier of the monitored database."
  type        = string
}

variable "emr_application_id" {
  description = "ID of the serverless application whose failed backfills raise alerts."
  type        = string
}

variable "emr_on_ec2" {
  description = "ID of the EMR on EC2 cluster whose failed steps raise alerts; null if there is none."
  type        = object({ cluster_id = string })
  default     = null
}

variable "airflow_environment_name" {
  description = "Name of the monitored Airflow environment."
  type        = string
}

variable "registry" {
  description = "ECS cluster and service of the monitored schema registry."
  type = object({
    cluster_name = string
    service_name = string
  })
}

variable "monthly_budget_usd" {
  description = "Monthly budget. Alerts are sent at 80 % of actual and at 100 % of forecast cost."
  type        = number
}
