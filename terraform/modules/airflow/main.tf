locals {
  # Workers, web server, queue and the metadata database connect to one another.
  inner_ports = toset(["443", "5432"])

  options = {
    "core.dags_are_paused_at_creation" = "True"
    "core.default_timezone"            = "utc"
    "core.parallelism"                 = "16"
  }
}

resource "aws_vpc_security_group_ingress_rule" "inner" {
  for_each = local.inner_ports

  security_group_id            = var.security_group_id
  description                  = "Between Airflow's own parts"
  referenced_security_group_id = var.security_group_id
  from_port                    = tonumber(each.key)
  to_port                      = tonumber(each.key)
  ip_protocol                  = "tcp"
}

resource "aws_mwaa_environment" "this" {
  name               = var.name
  airflow_version    = var.airflow_version
  environment_class  = var.environment_class
  min_workers        = 1
  max_workers        = var.max_workers
  execution_role_arn = var.role_arn
  kms_key            = var.data_key_arn

  # One folder per release, named by its content: its files are switched and rolled back together.
  source_bucket_arn      = var.artifacts_bucket_arn
  dag_s3_path            = var.bundle_key == null ? "airflow/dags" : "${var.bundle_key}/dags"
  requirements_s3_path   = var.bundle_key == null ? null : "${var.bundle_key}/requirements.txt"
  plugins_s3_path        = var.bundle_key == null ? null : "${var.bundle_key}/plugins.zip"
  startup_script_s3_path = var.bundle_key == null ? null : "${var.bundle_key}/startup.sh"

  webserver_access_mode         = "PRIVATE_ONLY"
  endpoint_management           = "SERVICE"
  airflow_configuration_options = merge(local.options, { for name, value in var.settings : "taxi.${lower(name)}" => value })

  network_configuration {
    subnet_ids         = var.subnet_ids
    security_group_ids = [var.security_group_id]
  }

  logging_configuration {
    dag_processing_logs {
      enabled   = true
      log_level = "INFO"
    }

    scheduler_logs {
      enabled   = true
      log_level = "INFO"
    }

    task_logs {
      enabled   = true
      log_level = "INFO"
    }

    webserver_logs {
      enabled   = true
      log_level = "INFO"
    }

    worker_logs {
      enabled   = true
      log_level = "INFO"
    }
  }
}
