resource "aws_cloudwatch_log_group" "this" {
  name              = "/${var.name}/flink/${var.job_name}"
  retention_in_days = 365
  kms_key_id        = var.logs_key_arn
}

resource "aws_cloudwatch_log_stream" "this" {
  name           = "application"
  log_group_name = aws_cloudwatch_log_group.this.name
}

resource "aws_kinesisanalyticsv2_application" "this" {
  name                   = "${var.name}-${replace(var.job_name, "_", "-")}"
  description            = "Windows of ${var.job_name}, from Kafka to Postgres"
  runtime_environment    = var.runtime_environment
  service_execution_role = var.role_arn
  application_mode       = "STREAMING"
  start_application      = var.is_started

  application_configuration {
    application_code_configuration {
      code_content_type = "ZIPFILE"

      code_content {
        s3_content_location {
          bucket_arn     = var.code_bucket_arn
          file_key       = var.code_key
          object_version = var.code_version
        }
      }
    }

    application_snapshot_configuration {
      snapshots_enabled = true
    }

    environment_properties {
      property_group {
        property_group_id = "kinesis.analytics.flink.run.options"
        property_map      = { python = "main.py", jarfile = "lib/connectors.jar", pyFiles = "lib/python" }
      }

      # main.py in the zip sets these properties as environment variables of the job.
      property_group {
        property_group_id = "taxi.job"
        property_map      = merge(var.settings, { FLINK_PARALLELISM = tostring(var.parallelism) })
      }
    }

    flink_application_configuration {
      # The same values as in flink_jobs/runtime/environment.py, because the service ignores these settings of the code.
      checkpoint_configuration {
        configuration_type            = "CUSTOM"
        checkpointing_enabled         = true
        checkpoint_interval           = 5000
        min_pause_between_checkpoints = 1000
      }

      monitoring_configuration {
        configuration_type = "CUSTOM"
        log_level          = "INFO"
        metrics_level      = "OPERATOR"
      }

      parallelism_configuration {
        configuration_type   = "CUSTOM"
        auto_scaling_enabled = var.has_autoscaling
        parallelism          = var.parallelism
        parallelism_per_kpu  = var.parallelism_per_kpu
      }
    }

    vpc_configuration {
      subnet_ids         = var.subnet_ids
      security_group_ids = [var.security_group_id]
    }
  }

  cloudwatch_logging_options {
    log_stream_arn = aws_cloudwatch_log_stream.this.arn
  }

  lifecycle {
    # Terraform creates the application. `./taxi job upgrade` changes its code, verifies a release and rolls back one that
    # fails; the autoscaler changes its parallelism. An apply must not undo either.
    ignore_changes = [
      application_configuration[0].application_code_configuration,
      application_configuration[0].environment_properties,
      application_configuration[0].flink_application_configuration[0].parallelism_configuration[0].parallelism,
      application_configuration[0].run_configuration,
      start_application,
    ]
  }
}
