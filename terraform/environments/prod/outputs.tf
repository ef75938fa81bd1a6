# In capitals: the settings of the programs, by their variables' names.
output "KAFKA_BOOTSTRAP_SERVERS" {
  description = "The brokers, for clients with IAM and TLS."
  value       = module.platform.KAFKA_BOOTSTRAP_SERVERS
}

output "SCHEMA_REGISTRY_URL" {
  description = "The registry, with Confluent's API."
  value       = module.platform.SCHEMA_REGISTRY_URL
}

output "POSTGRES_DSN" {
  description = "The database for the Flink job, without the password."
  value       = module.platform.POSTGRES_DSN
}

output "POSTGRES_SECRET_ARN" {
  description = "Where the password for that lies."
  value       = module.platform.POSTGRES_SECRET_ARN
}

output "KAFKA_SECURITY" {
  description = "How Kafka lets programs in."
  value       = module.platform.KAFKA_SECURITY
}

output "AWS_REGION" {
  description = "The region that all is in."
  value       = module.platform.AWS_REGION
}

output "TRIPS_TOPIC" {
  description = "The topic of the trips."
  value       = module.platform.TRIPS_TOPIC
}

output "TRIPS_PARTITIONS" {
  description = "How many partitions the topic of the trips is made with: a multiple of the job's parallelism."
  value       = module.platform.TRIPS_PARTITIONS
}

output "DEAD_LETTERS_TOPIC" {
  description = "The topic of what is no trip."
  value       = module.platform.DEAD_LETTERS_TOPIC
}

output "CONSUMER_GROUP" {
  description = "The group in which the job leaves its offsets."
  value       = module.platform.CONSUMER_GROUP
}

output "RAW_DATA" {
  description = "Where months of the TLC lie."
  value       = module.platform.RAW_DATA
}

output "PROCESSED_DATA" {
  description = "Where the Spark backfill writes and dbt reads."
  value       = module.platform.PROCESSED_DATA
}

output "FLINK_BACKEND" {
  description = "Where `./taxi job` runs jobs."
  value       = module.platform.FLINK_BACKEND
}

output "SPARK_BACKEND" {
  description = "Where `./taxi spark-run` runs backfills."
  value       = module.platform.SPARK_BACKEND
}

output "MANAGED_FLINK_APPLICATION" {
  description = "The application that runs the job."
  value       = module.platform.MANAGED_FLINK_APPLICATION
}

output "MANAGED_FLINK_ROLE_ARN" {
  description = "The role that it takes on."
  value       = module.platform.MANAGED_FLINK_ROLE_ARN
}

output "MANAGED_FLINK_CODE_BUCKET" {
  description = "The bucket of its code."
  value       = module.platform.MANAGED_FLINK_CODE_BUCKET
}

output "MANAGED_FLINK_CODE_KEY" {
  description = "The code zip that it was made with."
  value       = module.platform.MANAGED_FLINK_CODE_KEY
}

output "MANAGED_FLINK_CODE_VERSION" {
  description = "The version of that object; empty takes its newest."
  value       = module.platform.MANAGED_FLINK_CODE_VERSION
}

output "MANAGED_FLINK_RUNTIME" {
  description = "The version of Flink that it runs on."
  value       = module.platform.MANAGED_FLINK_RUNTIME
}

output "MANAGED_FLINK_PARALLELISM" {
  description = "How many slots it starts with."
  value       = module.platform.MANAGED_FLINK_PARALLELISM
}

output "MANAGED_FLINK_LOG_STREAM_ARN" {
  description = "Where it writes its log."
  value       = module.platform.MANAGED_FLINK_LOG_STREAM_ARN
}

output "MANAGED_FLINK_SUBNET_IDS" {
  description = "The subnets that it works in, joined by commas."
  value       = module.platform.MANAGED_FLINK_SUBNET_IDS
}

output "MANAGED_FLINK_SECURITY_GROUP_IDS" {
  description = "Its security groups, joined by commas."
  value       = module.platform.MANAGED_FLINK_SECURITY_GROUP_IDS
}

output "EMR_SERVERLESS_APPLICATION_ID" {
  description = "The application that backfills run on."
  value       = module.platform.EMR_SERVERLESS_APPLICATION_ID
}

output "EMR_CLUSTER_ID" {
  description = "The cluster on EC2 that backfills can run on; empty where there is none."
  value       = module.platform.EMR_CLUSTER_ID
}

output "EMR_JOB_ROLE_ARN" {
  description = "The role of a backfill."
  value       = module.platform.EMR_JOB_ROLE_ARN
}

output "EMR_CODE" {
  description = "The code of backfills; empty before `make package` has put it there."
  value       = module.platform.EMR_CODE
}

output "EMR_LOG_URI" {
  description = "Where backfills leave their logs."
  value       = module.platform.EMR_LOG_URI
}

output "AIRFLOW_URL" {
  description = "Airflow's page, from inside the VPC."
  value       = module.platform.AIRFLOW_URL
}

output "TAXI_ALERTS_SNS_TOPIC_ARN" {
  description = "Who is told of alarms."
  value       = module.platform.TAXI_ALERTS_SNS_TOPIC_ARN
}

output "operations" {
  description = "What a person names in commands: repositories, cluster, task, subnets, groups, the database and its secrets, buckets, the alarms' topic."
  value       = module.platform.operations
}
