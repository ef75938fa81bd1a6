# Outputs in capitals are settings of the programs, named like their environment variables.
output "KAFKA_BOOTSTRAP_SERVERS" {
  description = "Bootstrap servers, for clients with IAM and TLS."
  value       = module.kafka.bootstrap_servers
}

output "SCHEMA_REGISTRY_URL" {
  description = "URL of the schema registry, with the Confluent API."
  value       = module.registry.url
}

output "POSTGRES_DSN" {
  description = "DSN of the database for the Flink job, without the password."
  value       = module.postgres.dsns["zone_fares"]
}

output "POSTGRES_SECRET_ARN" {
  description = "ARN of the secret with the password of POSTGRES_DSN."
  value       = module.postgres.role_secret_arns["zone_fares"]
}

output "KAFKA_SECURITY" {
  description = "Authentication mode of Kafka."
  value       = local.job_settings.KAFKA_SECURITY
}

output "AWS_REGION" {
  description = "AWS region of the platform."
  value       = var.region
}

output "TRIPS_TOPIC" {
  description = "Topic of the trips."
  value       = local.topics.trips
}

output "TRIPS_PARTITIONS" {
  description = "Number of partitions of the trips topic: a multiple of the job's parallelism."
  value       = tostring(local.trips_partitions)
}

output "DEAD_LETTERS_TOPIC" {
  description = "Dead-letter topic, for records that cannot be decoded or stored."
  value       = local.topics.dead_letters
}

output "CONSUMER_GROUP" {
  description = "Consumer group to which the job commits its offsets."
  value       = local.job_name
}

output "RAW_DATA" {
  description = "S3 prefix of the TLC's months."
  value       = module.storage.raw_data
}

output "PROCESSED_DATA" {
  description = "S3 prefix that the Spark backfill writes and dbt reads."
  value       = module.storage.processed_data
}

output "FLINK_BACKEND" {
  description = "Backend on which `./taxi job` runs jobs."
  value       = "managed-flink"
}

output "SPARK_BACKEND" {
  description = "Backend on which `./taxi spark-run` runs backfills."
  value       = "emr-serverless"
}

output "MANAGED_FLINK_APPLICATION" {
  description = "Name of the Managed Flink application that runs the job."
  value       = module.flink.application_name
}

output "MANAGED_FLINK_ROLE_ARN" {
  description = "ARN of the role that the application assumes."
  value       = module.identity.program_role_arns["zone_fares"]
}

output "MANAGED_FLINK_CODE_BUCKET" {
  description = "Bucket with the code of the application."
  value       = module.storage.bucket_names["artifacts"]
}

output "MANAGED_FLINK_CODE_KEY" {
  description = "Key of the code zip that the application was created with."
  value       = var.release.flink_code_key
}

output "MANAGED_FLINK_CODE_VERSION" {
  description = "Version of that object; empty means the newest."
  value       = var.release.flink_code_version == null ? "" : var.release.flink_code_version
}

output "MANAGED_FLINK_RUNTIME" {
  description = "Flink version of the application."
  value       = var.flink.runtime_environment
}

output "MANAGED_FLINK_PARALLELISM" {
  description = "Initial parallelism of the application."
  value       = tostring(var.flink.parallelism)
}

output "MANAGED_FLINK_LOG_STREAM_ARN" {
  description = "ARN of the application's log stream."
  value       = module.flink.log_stream_arn
}

output "MANAGED_FLINK_SUBNET_IDS" {
  description = "Subnets of the application, separated by commas."
  value       = join(",", module.network.private_subnet_ids)
}

output "MANAGED_FLINK_SECURITY_GROUP_IDS" {
  description = "Security groups of the application, separated by commas."
  value       = local.groups["zone_fares"]
}

output "EMR_SERVERLESS_APPLICATION_ID" {
  description = "ID of the EMR Serverless application for backfills."
  value       = module.emr.application_id
}

output "EMR_CLUSTER_ID" {
  description = "ID of the EMR on EC2 cluster for backfills; empty if there is none."
  value       = module.emr.cluster_id == null ? "" : module.emr.cluster_id
}

output "EMR_JOB_ROLE_ARN" {
  description = "ARN of the role that backfills assume."
  value       = module.identity.program_role_arns["backfill"]
}

output "EMR_CODE" {
  description = "Location of the backfill code; empty until `make package` has uploaded it."
  value       = lookup(local.emr_code, "EMR_CODE", "")
}

output "EMR_LOG_URI" {
  description = "S3 prefix of the backfills' logs."
  value       = local.spark_logs
}

output "AIRFLOW_URL" {
  description = "URL of Airflow, reachable from inside the VPC."
  value       = module.airflow.url
}

output "TAXI_ALERTS_SNS_TOPIC_ARN" {
  description = "ARN of the SNS topic for alarms and alerts."
  value       = module.observability.topic_arn
}

output "operations" {
  description = "Names to use in commands: repositories, cluster, task, subnets, security groups, the database and its secrets, buckets, the alarm topic."
  value = {
    registry_repository_url = module.registry.repository_url
    platform_repository_url = module.producer.repository_url
    ecs_cluster             = module.registry.cluster_name
    producer_task           = module.producer.task_definition_arn
    private_subnet_ids      = module.network.private_subnet_ids
    producer_group_id       = local.groups["producer"]
    postgres_host           = module.postgres.host
    postgres_database       = module.postgres.database
    owner_secret_arn        = module.postgres.owner_secret_arn
    role_secret_arns        = module.postgres.role_secret_arns
    buckets                 = module.storage.bucket_names
    alarm_topic_arn         = module.observability.topic_arn
  }
}
