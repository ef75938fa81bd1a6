output "settings" {
  description = "Settings of the programs, by environment variable; docs/reference describes each. What does not exist is empty."
  value = {
    KAFKA_BOOTSTRAP_SERVERS          = module.kafka.bootstrap_servers
    SCHEMA_REGISTRY_URL              = module.registry.url
    POSTGRES_DSN                     = module.postgres.dsns["zone_fares"]
    POSTGRES_SECRET_ARN              = module.postgres.role_secret_arns["zone_fares"]
    KAFKA_SECURITY                   = local.job_settings.KAFKA_SECURITY
    AWS_REGION                       = var.region
    TRIPS_TOPIC                      = local.topics.trips
    TRIPS_PARTITIONS                 = tostring(local.trips_partitions)
    DEAD_LETTERS_TOPIC               = local.topics.dead_letters
    CONSUMER_GROUP                   = local.job_name
    RAW_DATA                         = module.storage.raw_data
    PROCESSED_DATA                   = module.storage.processed_data
    FLINK_BACKEND                    = "managed-flink"
    SPARK_BACKEND                    = "emr-serverless"
    MANAGED_FLINK_APPLICATION        = module.flink.application_name
    MANAGED_FLINK_ROLE_ARN           = module.identity.program_role_arns["zone_fares"]
    MANAGED_FLINK_CODE_BUCKET        = module.storage.bucket_names["artifacts"]
    MANAGED_FLINK_CODE_KEY           = var.release.flink_code_key
    MANAGED_FLINK_CODE_VERSION       = var.release.flink_code_version == null ? "" : var.release.flink_code_version
    MANAGED_FLINK_RUNTIME            = var.flink.runtime_environment
    MANAGED_FLINK_PARALLELISM        = tostring(var.flink.parallelism)
    MANAGED_FLINK_LOG_STREAM_ARN     = module.flink.log_stream_arn
    MANAGED_FLINK_SUBNET_IDS         = join(",", module.network.private_subnet_ids)
    MANAGED_FLINK_SECURITY_GROUP_IDS = local.groups["zone_fares"]
    EMR_SERVERLESS_APPLICATION_ID    = module.emr.application_id
    EMR_CLUSTER_ID                   = module.emr.cluster_id == null ? "" : module.emr.cluster_id
    EMR_JOB_ROLE_ARN                 = module.identity.program_role_arns["backfill"]
    EMR_CODE                         = lookup(local.emr_code, "EMR_CODE", "")
    EMR_LOG_URI                      = local.spark_logs
    AIRFLOW_URL                      = module.airflow.url
    TAXI_ALERTS_SNS_TOPIC_ARN        = module.observability.topic_arn
  }
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
