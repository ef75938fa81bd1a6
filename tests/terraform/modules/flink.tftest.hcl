mock_provider "aws" {
  source = "./mocks"
}

variables {
  name                = "nyc-taxi-test"
  runtime_environment = "FLINK-1_20" # the newest that every provider in the range knows
  role_arn            = "arn:aws:iam::123456789012:role/zone-fares"
  code_bucket_arn     = "arn:aws:s3:::artifacts"
  code_key            = "flink/r1.zip"
  settings            = { KAFKA_BOOTSTRAP_SERVERS = "b-1.example:9098", POSTGRES_DSN = "postgresql://zone_fares@db.example:5432/taxi" }
  subnet_ids          = ["subnet-1", "subnet-2"]
  security_group_id   = "sg-job"
  logs_key_arn        = "arn:aws:kms:us-east-1:123456789012:key/logs"
}

run "the_job_runs_as_on_a_laptop" {
  module {
    source = "../../../terraform/modules/flink"
  }

  assert {
    condition     = aws_kinesisanalyticsv2_application.this.name == "nyc-taxi-test-zone-fares"
    error_message = "./taxi job would look for another name"
  }

  assert {
    condition = {
      for group in aws_kinesisanalyticsv2_application.this.application_configuration[0].environment_properties[0].property_group : group.property_group_id => group.property_map
    }["kinesis.analytics.flink.run.options"] == tomap({ python = "main.py", jarfile = "lib/connectors.jar", pyFiles = "lib/python" })
    error_message = "the service would not find the program"
  }

  assert {
    condition = {
      for group in aws_kinesisanalyticsv2_application.this.application_configuration[0].environment_properties[0].property_group : group.property_group_id => group.property_map
    }["taxi.job"] == tomap(merge(var.settings, { FLINK_PARALLELISM = "2" }))
    error_message = "a setting is lost"
  }

  assert {
    condition     = aws_kinesisanalyticsv2_application.this.application_configuration[0].application_snapshot_configuration[0].snapshots_enabled
    error_message = "an upgrade would begin at the start of the topic"
  }

  assert {
    condition     = aws_kinesisanalyticsv2_application.this.application_configuration[0].flink_application_configuration[0].checkpoint_configuration[0].checkpoint_interval == 5000
    error_message = "not the interval of the local job"
  }

  assert {
    condition     = aws_kinesisanalyticsv2_application.this.application_configuration[0].flink_application_configuration[0].parallelism_configuration[0].auto_scaling_enabled
    error_message = "load would only make it late"
  }

  assert {
    condition     = aws_kinesisanalyticsv2_application.this.application_configuration[0].vpc_configuration[0].security_group_ids == toset(["sg-job"])
    error_message = "it would not reach Kafka"
  }
}

run "a_password_among_the_settings_is_refused" {
  command = plan

  module {
    source = "../../../terraform/modules/flink"
  }

  variables {
    settings = { POSTGRES_DSN = "postgresql://zone_fares:secret@db.example:5432/taxi" }
  }

  expect_failures = [var.settings]
}

run "another_engine_is_refused" {
  command = plan

  module {
    source = "../../../terraform/modules/flink"
  }

  variables {
    runtime_environment = "SQL-1_0"
  }

  expect_failures = [var.runtime_environment]
}

run "more_units_than_an_application_may_have_are_refused" {
  command = plan

  module {
    source = "../../../terraform/modules/flink"
  }

  variables {
    parallelism = 65
  }

  expect_failures = [var.parallelism]
}

run "four_slots_a_unit_fit_into_the_quota" {
  command = plan

  module {
    source = "../../../terraform/modules/flink"
  }

  variables {
    parallelism         = 65
    parallelism_per_kpu = 4
  }

  assert {
    condition     = aws_kinesisanalyticsv2_application.this.application_configuration[0].flink_application_configuration[0].parallelism_configuration[0].parallelism_per_kpu == 4
    error_message = "not the slots that were given"
  }
}
