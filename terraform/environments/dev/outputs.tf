# Outputs in capitals are settings of the programs, named like their environment variables.
output "KAFKA_BOOTSTRAP_SERVERS" {
  description = "Bootstrap servers, for clients with IAM and TLS."
  value       = module.platform.KAFKA_BOOTSTRAP_SERVERS
}

output "SCHEMA_REGISTRY_URL" {
  description = "URL of the schema registry, with the Confluent API."
  value       = module.platform.SCHEMA_REGISTRY_URL
}

output "POSTGRES_DSN" {
  description = "DSN of the database for the Flink job, without the password."
  value       = module.platform.POSTGRES_DSN
}

output "POSTGRES_SECRET_ARN" {
  description = "ARN of the secret with the password of POSTGRES_DSN."
  value       = module.platform.POSTGRES_SECRET_ARN
}

output "KAFKA_SECURITY" {
  description = "Authentication mode of Kafka."
  value       = module.platform.KAFKA_SECURITY
}

output "AWS_REGION" {
  description = "AWS region of the platform."
  value       = module.platform.AWS_REGION
}

output "TRIPS_TOPIC" {
  description = "Topic of the trips."
  value       = module.platform.TRIPS_TOPIC
}

output "TRIPS_PARTITIONS" {
  description = "Number of partitions of the trips topic: a multiple of the job's parallelism."
  value       = module.platform.TRIPS_PARTITIONS
}

output "DEAD_LETTERS_TOPIC" {
  description = "Dead-letter topic, for records that cannot be decoded or stored."
  value       = module.platform.DEAD_LETTERS_TOPIC
}

output "CONSUMER_GROUP" {
  description = "Consumer group to which the job commits its offsets."
  value       = module.platform.CONSUMER_GROUP
}

output "RAW_DATA" {
  description = "S3 prefix of the TLC's months."
  value       = module.platform.RAW_DATA
}

output "PROCESSED_DATA" {
  description = "S3 prefix that the Spark backfill writes and dbt reads."
  value       = module.platform.PROCESSED_DATA
}

output "FLINK_BACKEND" {
  description = "Backend on which `./taxi job` runs jobs."
  value       = module.platform.FLINK_BACKEND
}

output "SPARK_BACKEND" {
  description = "Backend on which `./taxi spark-run` runs backfills."
  value       = module.platform.SPARK_BACKEND
}

output "MANAGED_FLINK_APPLICATION" {
  description = "Name of the Managed Flink application that runs the job."
  value       = module.platform.MANAGED_FLINK_APPLICATION
}

output "MANAGED_FLINK_ROLE_ARN" {
  description = "ARN of the role that the application assumes."
  value       = module.platform.MANAGED_FLINK_ROLE_ARN
}

output "MANAGED_FLINK_CODE_BUCKET" {
  description = "Bucket with the code of the application."
  value       = module.platform.MANAGED_FLINK_CODE_BUCKET
}

output "MANAGED_FLINK_CODE_KEY" {
  description = "Key of the code zip that the application was created with."
  value       = module.platform.MANAGED_FLINK_CODE_KEY
}

output "MANAGED_FLINK_CODE_VERSION" {
  description = "Version of that object; empty means the newest."
  value       = module.platform.MANAGED_FLINK_CODE_VERSION
}

output "MANAGED_FLINK_RUNTIME" {
  description = "Flink version of the application."
  value       = module.platform.MANAGED_FLINK_RUNTIME
}

output "MANAGED_FLINK_PARALLELISM" {
  description = "Initial parallelism of the application."
  value       = module.platform.MANAGED_FLINK_PARALLELISM
}

output "MANAGED_FLINK_LOG_STREAM_ARN" {
  description = "ARN of the application's log stream."
  value       = module.platform.MANAGED_FLINK_LOG_STREAM_ARN
}

output "MANAGED_FLINK_SUBNET_IDS" {
  description = "Subnets of the application, separated by commas."
  value       = module.platform.MANAGED_FLINK_SUBNET_IDS
}

output "MANAGED_FLINK_SECURITY_GROUP_IDS" {
  description = "Security groups of the application, separated by commas."
  value       = module.platform.MANAGED_FLINK_SECURITY_GROUP_IDS
}

output "EMR_SERVERLESS_APPLICATION_ID" {
  description = "ID of the EMR Serverless application for backfills."
  value       = module.platform.EMR_SERVERLESS_APPLICATION_ID
}

output "EMR_CLUSTER_ID" {
  description = "ID of the EMR on EC2 cluster for backfills; empty if there is none."
  value       = module.platform.EMR_CLUSTER_ID
}

output "EMR_JOB_ROLE_ARN" {
  description = "ARN of the role that backfills assume."
  value       = module.platform.EMR_JOB_ROLE_ARN
}

output "EMR_CODE" {
  description = "Location of the backfill code; empty until `make package` has uploaded it."
  value       = module.platform.EMR_CODE
}

output "EMR_LOG_URI" {
  description = "S3 prefix of the backfills' logs."
  value       = module.platform.EMR_LOG_URI
}

output "AIRFLOW_URL" {
  description = "URL of Airflow, reachable from inside the VPC."
  value       = module.platform.AIRFLOW_URL
}

output "TAXI_ALERTS_SNS_TOPIC_ARN" {
  description = "ARN of the SNS topic for alarms and alerts."
  value       = module.platform.TAXI_ALERTS_SNS_TOPIC_ARN
}

output "operations" {
  description = "Names to use in commands: repositories, cluster, task, subnets, security groups, the database and its secrets, buckets, the alarm topic."
  value       = module.platform.operations
}
