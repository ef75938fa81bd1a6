mock_provider "aws" {
  source = "./mocks"
}

variables {
  name               = "nyc-taxi-test"
  account_id         = "123456789012"
  region             = "us-east-1"
  availability_zones = ["us-east-1a", "us-east-1b"]
  email_addresses    = ["on-call@example.com"]
  monthly_budget_usd = 1000
  release            = { image_tag = "r1", flink_code_key = "flink/r1.zip" }
  kafka              = { broker_count = 2 }
  flink              = { runtime_environment = "FLINK-1_20" }
  emr                = {}
  postgres           = {}
  registry           = {}
  airflow            = {}
}

run "the_settings_fit_together" {
  module {
    source = "../../../terraform/modules/platform"
  }

  assert {
    condition     = output.settings.KAFKA_BOOTSTRAP_SERVERS == "b-1.example:9098,b-2.example:9098" && output.settings.SCHEMA_REGISTRY_URL == "http://internal-mock.example/apis/ccompat/v7"
    error_message = "a program gets another address than its service has"
  }

  assert {
    condition     = output.settings.MANAGED_FLINK_APPLICATION == "nyc-taxi-test-zone-fares"
    error_message = "the role is for another application"
  }

  assert {
    condition     = output.settings.TRIPS_PARTITIONS == "8"
    error_message = "not a multiple of the parallelism that the autoscaler may reach"
  }

  # What there is none of is empty: `null` would be taken for a name.
  assert {
    condition     = [for name in ["EMR_CLUSTER_ID", "EMR_CODE", "MANAGED_FLINK_CODE_VERSION"] : output.settings[name]] == ["", "", ""]
    error_message = "the programs are told of something that is not there"
  }
}

run "everything_by_choice_fits_too" {
  module {
    source = "../../../terraform/modules/platform"
  }

  variables {
    kafka    = { mode = "serverless", trips_partitions = 16 }
    emr      = { on_ec2 = { certificates_s3_uri = "s3://artifacts/emr/certificates.zip" } }
    registry = { tls = { certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/0f0f", host_name = "registry.example", zone_id = "Z1" } }
  }

  assert {
    condition     = output.settings.KAFKA_BOOTSTRAP_SERVERS == "boot.example:9098" && output.settings.TRIPS_PARTITIONS == "16" && output.settings.SCHEMA_REGISTRY_URL == "https://registry.example/apis/ccompat/v7"
    error_message = "a choice does not reach the programs"
  }

  assert {
    condition     = output.settings.EMR_CLUSTER_ID != "" && output.settings.KAFKA_SECURITY == "iam" && output.settings.SPARK_BACKEND == "emr-serverless"
    error_message = "the programs are not told of the cluster"
  }
}

run "a_long_name_is_refused" {
  command = plan

  module {
    source = "../../../terraform/modules/platform"
  }

  variables {
    name = "the-platform-of-the-taxis-of-new-york"
  }

  expect_failures = [var.name]
}

run "a_wrong_account_is_refused" {
  command = plan

  module {
    source = "../../../terraform/modules/platform"
  }

  variables {
    account_id = "mine"
  }

  expect_failures = [var.account_id]
}

run "partitions_that_the_subtasks_would_share_unevenly_are_refused" {
  command = plan

  module {
    source = "../../../terraform/modules/platform"
  }

  variables {
    kafka = { broker_count = 2, trips_partitions = 12 }
  }

  expect_failures = [var.kafka]
}
