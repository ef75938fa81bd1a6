mock_provider "aws" {
  source = "./mocks"
}

variables {
  name                 = "nyc-taxi-test"
  role_arn             = "arn:aws:iam::123456789012:role/airflow"
  artifacts_bucket_arn = "arn:aws:s3:::artifacts"
  subnet_ids           = ["subnet-1", "subnet-2"]
  security_group_id    = "sg-airflow"
  data_key_arn         = "arn:aws:kms:us-east-1:123456789012:key/data"
  settings             = { RAW_DATA = "s3://raw/raw-data" }
}

run "airflow_is_private_and_leaves_traces" {
  module {
    source = "../../../terraform/modules/airflow"
  }

  assert {
    condition     = aws_mwaa_environment.this.airflow_version == "3.0.6"
    error_message = "not the newest version in the reference of the API"
  }

  assert {
    condition     = aws_mwaa_environment.this.webserver_access_mode == "PRIVATE_ONLY"
    error_message = "Airflow's page is on the internet"
  }

  assert {
    condition = alltrue([
      aws_mwaa_environment.this.logging_configuration[0].dag_processing_logs[0].enabled,
      aws_mwaa_environment.this.logging_configuration[0].scheduler_logs[0].enabled,
      aws_mwaa_environment.this.logging_configuration[0].task_logs[0].enabled,
      aws_mwaa_environment.this.logging_configuration[0].webserver_logs[0].enabled,
      aws_mwaa_environment.this.logging_configuration[0].worker_logs[0].enabled,
    ])
    error_message = "a failure would leave no trace"
  }

  assert {
    condition     = aws_mwaa_environment.this.airflow_configuration_options["taxi.raw_data"] == "s3://raw/raw-data"
    error_message = "a task would not find AIRFLOW__TAXI__RAW_DATA"
  }
}

run "a_release_is_one_folder" {
  command = plan

  module {
    source = "../../../terraform/modules/airflow"
  }

  variables {
    bundle_key      = "airflow/bundle-0123456789ab"
    airflow_version = "3.2.1"
  }

  assert {
    condition     = aws_mwaa_environment.this.airflow_version == "3.2.1"
    error_message = "not the version of the user guide, which was chosen"
  }

  assert {
    condition = [
      aws_mwaa_environment.this.dag_s3_path,
      aws_mwaa_environment.this.requirements_s3_path,
      aws_mwaa_environment.this.plugins_s3_path,
      aws_mwaa_environment.this.startup_script_s3_path,
    ] == [for name in ["dags", "requirements.txt", "plugins.zip", "startup.sh"] : "airflow/bundle-0123456789ab/${name}"]
    error_message = "Airflow takes a part of another release"
  }
}

run "a_folder_of_another_kind_is_refused" {
  command = plan

  module {
    source = "../../../terraform/modules/airflow"
  }

  variables {
    bundle_key = "flink/zone_fares-0123456789ab.zip"
  }

  expect_failures = [var.bundle_key]
}

run "a_version_that_aws_does_not_document_is_refused" {
  command = plan

  module {
    source = "../../../terraform/modules/airflow"
  }

  variables {
    airflow_version = "3.1.0"
  }

  expect_failures = [var.airflow_version]
}

run "three_subnets_are_refused" {
  command = plan

  module {
    source = "../../../terraform/modules/airflow"
  }

  variables {
    subnet_ids = ["subnet-1", "subnet-2", "subnet-3"]
  }

  expect_failures = [var.subnet_ids]
}
