variable "name" {
  description = "Prefix of all names, such as nyc-taxi-dev."
  type        = string
}

variable "account_id" {
  description = "AWS account ID."
  type        = string
}

variable "region" {
  description = "Region in which the roles act."
  type        = string
}

variable "bucket_arns" {
  description = "ARNs of the buckets raw, processed, artifacts and checkpoints."
  type        = map(string)
}

variable "data_key_arn" {
  description = "ARN of the KMS key of the data that the programs read and write."
  type        = string
}

variable "kafka" {
  description = "The cluster, the ARN prefix of its topics and groups, and the names of the topics and groups that the programs use."
  type = object({
    cluster_arn        = string
    resource_arns      = map(string)
    trips_topic        = string
    dead_letters_topic = string
    consumer_group     = string
  })
}

variable "role_secret_arns" {
  description = "ARN of the secret of each database role."
  type        = map(string)
}

variable "flink_application_name" {
  description = "Name of the application that Airflow monitors and restarts. It is a name, because the application is created after the permissions of its role."
  type        = string
}

variable "emr_application_arn" {
  description = "ARN of the serverless application on which Airflow starts backfills."
  type        = string
}

variable "producer_task_family" {
  description = "Family of the ECS task that Airflow may start, without the revision."
  type        = string
}

variable "ecs_cluster_arn" {
  description = "ARN of the ECS cluster in which Airflow may start the task."
  type        = string
}

variable "image_repository_arns" {
  description = "ARNs of the repositories from which ECS pulls images."
  type        = set(string)
}

variable "alarm_topic_arn" {
  description = "ARN of the SNS topic to which Airflow publishes alerts."
  type        = string
}

variable "has_emr_on_ec2" {
  description = "Whether to create roles for EMR on EC2."
  type        = bool
  default     = false
}
