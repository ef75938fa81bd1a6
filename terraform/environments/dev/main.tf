module "platform" {
  source = "../../modules/platform"

  name               = "nyc-taxi-dev"
  account_id         = var.account_id
  region             = var.region
  availability_zones = var.availability_zones
  cidr_block         = "10.41.0.0/16"
  is_protected       = false
  email_addresses    = var.email_addresses
  monthly_budget_usd = 1000
  release            = var.release

  kafka    = { broker_instance_type = "kafka.t3.small", broker_count = 2, broker_volume_gib = 50, broker_volume_limit_gib = 200 }
  flink    = { runtime_environment = var.flink_runtime, parallelism = 2, parallelism_per_kpu = 1, has_autoscaling = false }
  emr      = { vcpus = 16, memory_gib = 64, disk_gib = 200 }
  postgres = { instance_class = "db.t4g.medium", storage_gib = 50, storage_limit_gib = 200, backup_days = 3 }
  registry = { task_count = 1 }
  airflow  = { airflow_version = var.airflow_version, environment_class = "mw1.small", max_workers = 1 }
}
