module "platform" {
  source = "../../modules/platform"

  name               = "nyc-taxi-prod"
  account_id         = var.account_id
  region             = var.region
  availability_zones = var.availability_zones
  cidr_block         = "10.40.0.0/16"
  is_protected       = true
  email_addresses    = var.email_addresses
  monthly_budget_usd = 3000
  release            = var.release

  kafka    = { broker_instance_type = "kafka.m7g.large", broker_count = 3, broker_volume_gib = 250, broker_volume_limit_gib = 1000 }
  flink    = { runtime_environment = var.flink_runtime, parallelism = 4, parallelism_per_kpu = 1, has_autoscaling = true }
  emr      = { vcpus = 64, memory_gib = 256, disk_gib = 800 }
  postgres = { instance_class = "db.m7g.large", storage_gib = 200, storage_limit_gib = 1000, backup_days = 14 }
  registry = { task_count = 2, tls = var.registry_tls }
  airflow  = { airflow_version = var.airflow_version, environment_class = "mw1.small", max_workers = 4 }
}
