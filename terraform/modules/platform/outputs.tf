# In capitals: the settings of the programs, by their variables' names.
output "KAFKA_BOOTSTRAP_SERVERS" {
  description = "The brokers, for clients with IAM and TLS."
  value       = module.kafka.bootstrap_servers
}

output "SCHEMA_REGISTRY_URL" {
  description = "The registry, with Confluent's API."
  value       = module.registry.url
}

output "POSTGRES_DSN" {
  description = "The database for the Flink job, without the password."
  value       = module.postgres.dsns["zone_fares"]
}

output "POSTGRES_SECRET_ARN" {
  description = "Where the password for that lies."
  value       = module.postgres.role_secret_arns["zone_fares"]
}

output "KAFKA_SECURITY" {
  description = "How Kafka lets programs in."
  value       = local.job_settings.KAFKA_SECURITY
}

output "AWS_REGION" {
  description = "The region that all is in."
  value       = var.region
}

output "TRIPS_TOPIC" {
  description = "The topic of the trips."
  value       = local.topics.trips
}

output "TRIPS_PARTITIONS" {
  description = "How many partitions the topic of the trips is made with: a multiple of the job's parallelism."
  value       = tostring(local.trips_partitions)
}

output "DEAD_LETTERS_TOPIC" {
  description = "The topic of what is no trip."
  value       = local.topics.dead_letters
}

output "CONSUMER_GROUP" {
  description = "The group in which the job leaves its offsets."
  value       = local.job_name
}

output "RAW_DATA" {
  description = "Where months of the TLC lie."
  value       = module.storage.raw_data
}

output "PROCESSED_DATA" {
  description = "Where the Spark backfill writes and dbt reads."
  value       = module.storage.processed_data
}

output "FLINK_BACKEND" {
  description = "Where `./taxi job` runs jobs."
  value       = "managed-flink"
}

output "SPARK_BACKEND" {
  description = "Where `./taxi spark-run` runs backfills."
  value       = "emr-serverless"
}

output "MANAGED_FLINK_APPLICATION" {
  description = "The application that runs the job."
  value       = module.flink.application_name
}

output "MANAGED_FLINK_ROLE_ARN" {
  description = "The role that it takes on."
  value       = module.identity.program_role_arns["zone_fares"]
}

output "MANAGED_FLINK_CODE_BUCKET" {
  description = "The bucket of its code."
  value       = module.storage.bucket_names["artifacts"]
}

output "MANAGED_FLINK_CODE_KEY" {
  description = "The code zip that it was made with."
  value       = var.release.flink_code_key
}

output "MANAGED_FLINK_CODE_VERSION" {
  description = "The version of that object; empty takes its newest."
  value       = var.release.flink_code_version == null ? "" : var.release.flink_code_version
}

output "MANAGED_FLINK_RUNTIME" {
  description = "The version of Flink that it runs on."
  value       = var.flink.runtime_environment
}

output "MANAGED_FLINK_PARALLELISM" {
  description = "How many slots it starts with."
  value       = tostring(var.flink.parallelism)
}

output "MANAGED_FLINK_LOG_STREAM_ARN" {
  description = "Where it writes its log."
  value       = module.flink.log_stream_arn
}

output "MANAGED_FLINK_SUBNET_IDS" {
  description = "The subnets that it works in, joined by commas."
  value       = join(",", module.network.private_subnet_ids)
}

output "MANAGED_FLINK_SECURITY_GROUP_IDS" {
  description = "Its security groups, joined by commas."
  value       = local.groups["zone_fares"]
}

output "EMR_SERVERLESS_APPLICATION_ID" {
  description = "The application that backfills run on."
  value       = module.emr.application_id
}

output "EMR_CLUSTER_ID" {
  description = "The cluster on EC2 that backfills can run on; empty where there is none."
  value       = module.emr.cluster_id == null ? "" : module.emr.cluster_id
}

output "EMR_JOB_ROLE_ARN" {
  description = "The role of a backfill."
  value       = module.identity.program_role_arns["backfill"]
}

output "EMR_CODE" {
  description = "The code of backfills; empty before `make package` has put it there."
  value       = lookup(local.emr_code, "EMR_CODE", "")
}

output "EMR_LOG_URI" {
  description = "Where backfills leave their logs."
  value       = local.spark_logs
}

output "AIRFLOW_URL" {
  description = "Airflow's page, from inside the VPC."
  value       = module.airflow.url
}

output "TAXI_ALERTS_SNS_TOPIC_ARN" {
  description = "Who is told of alarms."
  value       = module.observability.topic_arn
}

output "operations" {
  description = "What a person names in commands: repositories, cluster, task, subnets, groups, the database and its secrets, buckets, the alarms' topic."
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
