locals {
  job_name    = "zone_fares"
  topics      = { trips = "trips", dead_letters = "trips-dead-letters" }
  application = "${var.name}-${replace(local.job_name, "_", "-")}"

  # All subtasks read the same number of partitions, even after the autoscaler has doubled the parallelism twice. A
  # subtask without a partition would be idle.
  smallest_partitions = var.flink.parallelism * (var.flink.has_autoscaling ? 4 : 1)
  trips_partitions    = coalesce(var.kafka.trips_partitions, local.smallest_partitions)

  tls_port      = 443
  kafka_port    = 9098
  postgres_port = 5432
  registry_port = var.registry.tls == null ? 80 : local.tls_port

  programs = {
    zone_fares = [local.tls_port, local.registry_port, local.kafka_port, local.postgres_port]
    producer   = [local.tls_port, local.registry_port, local.kafka_port, local.postgres_port]
    registry   = [local.tls_port, local.postgres_port]
    backfill   = [local.tls_port, local.postgres_port]
    airflow    = [local.tls_port, local.postgres_port]
  }

  interface_services = concat(
    ["airflow.api", "airflow.env", "sqs"],
    ["ecr.api", "ecr.dkr", "ecs", "ssmmessages"],
    ["emr-serverless", "kinesisanalytics"],
    ["kms", "logs", "monitoring", "secretsmanager", "sns", "sts"],
    var.emr.on_ec2 == null ? [] : ["elasticmapreduce"],
  )

  readable_foreign_buckets = concat(
    ["prod-${var.region}-starport-layer-bucket"],
    var.emr.on_ec2 == null ? [] : ["*.elasticmapreduce", "repo.${var.region}.emr.amazonaws.com"],
  )

  groups     = module.network.program_security_group_ids
  spark_logs = "s3://${module.storage.bucket_names["checkpoints"]}/spark-logs"

  emr_code = var.release.emr_code_key == null ? {} : {
    EMR_CODE = "s3://${module.storage.bucket_names["artifacts"]}/${var.release.emr_code_key}"
  }

  # `./taxi job deploy` sets the same values, so it finds nothing to change.
  job_settings = {
    FLINK_JOB               = local.job_name
    KAFKA_BOOTSTRAP_SERVERS = module.kafka.bootstrap_servers
    SCHEMA_REGISTRY_URL     = module.registry.url
    POSTGRES_DSN            = module.postgres.dsns["zone_fares"]
    POSTGRES_SECRET_ARN     = module.postgres.role_secret_arns["zone_fares"]
    KAFKA_SECURITY          = "iam"
    AWS_REGION              = var.region
    TRIPS_TOPIC             = local.topics.trips
    DEAD_LETTERS_TOPIC      = local.topics.dead_letters
    CONSUMER_GROUP          = local.job_name
  }
}

module "encryption" {
  source = "../encryption"

  name       = var.name
  account_id = var.account_id
  region     = var.region
}

module "network" {
  source = "../network"

  name                        = var.name
  region                      = var.region
  account_id                  = var.account_id
  readable_foreign_buckets    = local.readable_foreign_buckets
  cidr_block                  = var.cidr_block
  availability_zones          = var.availability_zones
  interface_services          = toset(local.interface_services)
  has_endpoints_in_every_zone = var.is_protected
  programs                    = local.programs
  logs_key_arn                = module.encryption.logs_key_arn
  flow_log_role_arn           = module.identity.role_arns["flow_log"]
}

module "storage" {
  source = "../storage"

  name           = var.name
  account_id     = var.account_id
  data_key_arn   = module.encryption.data_key_arn
  can_be_emptied = !var.is_protected
}

module "kafka" {
  source = "../kafka"

  name                      = var.name
  mode                      = var.kafka.mode
  vpc_id                    = module.network.vpc_id
  subnet_ids                = module.network.private_subnet_ids
  client_security_group_ids = { for program in ["producer", "zone_fares"] : program => local.groups[program] }
  broker_instance_type      = var.kafka.broker_instance_type
  broker_count              = var.kafka.broker_count
  broker_volume_gib         = var.kafka.broker_volume_gib
  broker_volume_limit_gib   = var.kafka.broker_volume_limit_gib
  partitions                = local.trips_partitions
  data_key_arn              = module.encryption.data_key_arn
  logs_key_arn              = module.encryption.logs_key_arn
}

module "postgres" {
  source = "../postgres"

  name                      = var.name
  vpc_id                    = module.network.vpc_id
  subnet_ids                = module.network.private_subnet_ids
  client_security_group_ids = local.groups
  database_roles            = ["airflow", "backfill", "dbt", "registry", "taxi_reader", "zone_fares"]
  instance_class            = var.postgres.instance_class
  storage_gib               = var.postgres.storage_gib
  storage_limit_gib         = var.postgres.storage_limit_gib
  backup_days               = var.postgres.backup_days
  is_multi_az               = var.is_protected
  is_protected              = var.is_protected
  monitoring_role_arn       = module.identity.role_arns["rds_monitoring"]
  data_key_arn              = module.encryption.data_key_arn
  logs_key_arn              = module.encryption.logs_key_arn
}

module "registry" {
  source = "../registry"

  name                      = var.name
  region                    = var.region
  vpc_id                    = module.network.vpc_id
  subnet_ids                = module.network.private_subnet_ids
  client_security_group_ids = { for program in ["producer", "zone_fares"] : program => local.groups[program] }
  security_group_id         = local.groups["registry"]
  task_count                = var.registry.task_count
  tls                       = var.registry.tls
  is_protected              = var.is_protected
  execution_role_arn        = module.identity.program_role_arns["task_start"]
  task_role_arn             = module.identity.program_role_arns["registry"]
  data_key_arn              = module.encryption.data_key_arn
  logs_key_arn              = module.encryption.logs_key_arn

  postgres = {
    host       = module.postgres.host
    port       = module.postgres.port
    database   = module.postgres.database
    secret_arn = module.postgres.role_secret_arns["registry"]
  }
}

module "producer" {
  source = "../producer"

  name               = var.name
  region             = var.region
  image_tag          = var.release.image_tag
  can_be_emptied     = !var.is_protected
  execution_role_arn = module.identity.program_role_arns["task_start"]
  task_role_arn      = module.identity.program_role_arns["producer"]
  data_key_arn       = module.encryption.data_key_arn
  logs_key_arn       = module.encryption.logs_key_arn

  settings = {
    KAFKA_BOOTSTRAP_SERVERS = module.kafka.bootstrap_servers
    KAFKA_SECURITY          = "iam"
    SCHEMA_REGISTRY_URL     = module.registry.url
    TRIPS_TOPIC             = local.topics.trips
    TRIPS_PARTITIONS        = tostring(local.trips_partitions)
    DEAD_LETTERS_TOPIC      = local.topics.dead_letters
    RAW_DATA                = module.storage.raw_data
    AWS_REGION              = var.region
  }
}

module "flink" {
  source = "../flink"

  name                = var.name
  job_name            = local.job_name
  runtime_environment = var.flink.runtime_environment
  role_arn            = module.identity.program_role_arns["zone_fares"]
  code_bucket_arn     = module.storage.bucket_arns["artifacts"]
  code_key            = var.release.flink_code_key
  code_version        = var.release.flink_code_version
  settings            = local.job_settings
  subnet_ids          = module.network.private_subnet_ids
  security_group_id   = local.groups["zone_fares"]
  parallelism         = var.flink.parallelism
  parallelism_per_kpu = var.flink.parallelism_per_kpu
  has_autoscaling     = var.flink.has_autoscaling
  logs_key_arn        = module.encryption.logs_key_arn
}

module "emr" {
  source = "../emr"

  name              = var.name
  subnet_ids        = module.network.private_subnet_ids
  security_group_id = local.groups["backfill"]
  maximum           = { vcpus = var.emr.vcpus, memory_gib = var.emr.memory_gib, disk_gib = var.emr.disk_gib }

  on_ec2 = var.emr.on_ec2 == null ? null : {
    vpc_id               = module.network.vpc_id
    service_role_arn     = module.identity.role_arns["emr_service"]
    instance_profile_arn = module.identity.emr_instance_profile_arn
    log_uri              = "${local.spark_logs}/"
    data_key_arn         = module.encryption.data_key_arn
    certificates_s3_uri  = var.emr.on_ec2.certificates_s3_uri
    instance_type        = var.emr.on_ec2.instance_type
    core_count           = var.emr.on_ec2.core_count
  }
}

module "airflow" {
  source = "../airflow"

  name                 = var.name
  airflow_version      = var.airflow.airflow_version
  environment_class    = var.airflow.environment_class
  max_workers          = var.airflow.max_workers
  role_arn             = module.identity.program_role_arns["airflow"]
  artifacts_bucket_arn = module.storage.bucket_arns["artifacts"]
  bundle_key           = var.release.airflow_bundle_key
  subnet_ids           = slice(module.network.private_subnet_ids, 0, 2)
  security_group_id    = local.groups["airflow"]
  data_key_arn         = module.encryption.data_key_arn

  settings = merge(local.emr_code, {
    POSTGRES_DSN                  = module.postgres.dsns["airflow"]
    POSTGRES_SECRET_ARN           = module.postgres.role_secret_arns["airflow"]
    RAW_DATA                      = module.storage.raw_data
    PROCESSED_DATA                = module.storage.processed_data
    FLINK_BACKEND                 = "managed-flink"
    MANAGED_FLINK_APPLICATION     = module.flink.application_name
    SPARK_BACKEND                 = "emr-serverless"
    EMR_LOG_URI                   = local.spark_logs
    EMR_SERVERLESS_APPLICATION_ID = module.emr.application_id
    EMR_JOB_ROLE_ARN              = module.identity.program_role_arns["backfill"]
    TAXI_ALERTS_SNS_TOPIC_ARN     = module.observability.topic_arn
    # A connection that does not exist: Airflow then uses its role.
    TAXI_ALERTS_SNS_CONN_ID = "aws_default"
  })
}

module "identity" {
  source = "../identity"

  name                   = var.name
  account_id             = var.account_id
  region                 = var.region
  bucket_arns            = module.storage.bucket_arns
  data_key_arn           = module.encryption.data_key_arn
  role_secret_arns       = module.postgres.role_secret_arns
  flink_application_name = local.application
  emr_application_arn    = module.emr.application_arn
  producer_task_family   = "${var.name}-producer"
  ecs_cluster_arn        = module.registry.cluster_arn
  image_repository_arns  = [module.registry.repository_arn, module.producer.repository_arn]
  alarm_topic_arn        = module.observability.topic_arn
  has_emr_on_ec2         = var.emr.on_ec2 != null

  kafka = {
    cluster_arn        = module.kafka.cluster_arn
    resource_arns      = module.kafka.resource_arns
    trips_topic        = local.topics.trips
    dead_letters_topic = local.topics.dead_letters
    consumer_group     = local.job_name
  }
}

module "observability" {
  source = "../observability"

  name                     = var.name
  account_id               = var.account_id
  data_key_arn             = module.encryption.data_key_arn
  email_addresses          = var.email_addresses
  monthly_budget_usd       = var.monthly_budget_usd
  flink_application_name   = module.flink.application_name
  kafka_cluster_name       = module.kafka.cluster_name
  kafka_broker_count       = var.kafka.mode == "serverless" ? 0 : var.kafka.broker_count
  trips_topic              = local.topics.trips
  consumer_group           = local.job_name
  postgres_identifier      = module.postgres.identifier
  emr_application_id       = module.emr.application_id
  emr_on_ec2               = var.emr.on_ec2 == null ? null : { cluster_id = module.emr.cluster_id }
  airflow_environment_name = module.airflow.environment_name
  registry                 = { cluster_name = module.registry.cluster_name, service_name = module.registry.service_name }
}
