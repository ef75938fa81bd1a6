variable "name" {
  description = "Prefix of every name, such as nyc-taxi-dev."
  type        = string
}

variable "account_id" {
  description = "The account."
  type        = string
}

variable "region" {
  description = "The region that the roles act in."
  type        = string
}

variable "bucket_arns" {
  description = "The buckets raw, processed, artifacts and checkpoints."
  type        = map(string)
}

variable "data_key_arn" {
  description = "The key of what the programs read and write."
  type        = string
}

variable "kafka" {
  description = "The cluster, what its topics' and groups' ARNs begin with, and the names of what the programs use."
  type = object({
    cluster_arn        = string
    resource_arns      = map(string)
    trips_topic        = string
    dead_letters_topic = string
    consumer_group     = string
  })
}

variable "role_secret_arns" {
  description = "The secret of each database role."
  type        = map(string)
}

variable "flink_application_name" {
  description = "The application that Airflow watches and brings back. By name: the application waits for its role's rights."
  type        = string
}

variable "emr_application_arn" {
  description = "The serverless application that Airflow starts backfills on."
  type        = string
}

variable "producer_task_family" {
  description = "The task that Airflow may start, without its revision."
  type        = string
}

variable "ecs_cluster_arn" {
  description = "The cluster that it may start it in."
  type        = string
}

variable "image_repository_arns" {
  description = "The repositories that ECS fetches images from."
  type        = set(string)
}

variable "alarm_topic_arn" {
  description = "The topic by which Airflow tells people of trouble."
  type        = string
}

variable "has_emr_on_ec2" {
  description = "Whether there are roles for EMR on EC2 too."
  type        = bool
  default     = false
}
