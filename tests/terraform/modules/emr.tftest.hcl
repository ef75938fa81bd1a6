mock_provider "aws" {
  source = "./mocks"
}

variables {
  name              = "nyc-taxi-test"
  subnet_ids        = ["subnet-1", "subnet-2"]
  security_group_id = "sg-backfill"
}

run "nothing_runs_between_backfills" {
  module {
    source = "../../../terraform/modules/emr"
  }

  assert {
    condition     = length(aws_emrserverless_application.this.initial_capacity) == 0 && aws_emrserverless_application.this.auto_stop_configuration[0].idle_timeout_minutes == 15
    error_message = "machines wait for work"
  }

  assert {
    condition     = length(aws_emr_cluster.this) == 0
    error_message = "a cluster that nobody asked for"
  }

  assert {
    condition     = aws_emrserverless_application.this.maximum_capacity[0].cpu == "32 vCPU" && aws_emrserverless_application.this.maximum_capacity[0].memory == "128 GB"
    error_message = "the bound is another"
  }
}

run "on_ec2_by_choice_everything_is_encrypted" {
  module {
    source = "../../../terraform/modules/emr"
  }

  variables {
    on_ec2 = {
      vpc_id               = "vpc-1"
      service_role_arn     = "arn:aws:iam::123456789012:role/emr-service"
      instance_profile_arn = "arn:aws:iam::123456789012:instance-profile/emr"
      log_uri              = "s3://checkpoints/spark-logs/"
      data_key_arn         = "arn:aws:kms:us-east-1:123456789012:key/data"
      certificates_s3_uri  = "s3://artifacts/emr/certificates.zip"
    }
  }

  assert {
    condition = alltrue([
      for what in ["EnableAtRestEncryption", "EnableInTransitEncryption"] :
      jsondecode(aws_emr_security_configuration.this[0].configuration).EncryptionConfiguration[what]
    ])
    error_message = "disks or wires can be read"
  }

  assert {
    condition     = jsondecode(aws_emr_security_configuration.this[0].configuration).InstanceMetadataServiceConfiguration.MinimumInstanceMetadataServiceVersion == 2
    error_message = "a forged request could fetch the machine's role"
  }

  assert {
    condition     = aws_emr_cluster.this[0].security_configuration == aws_emr_security_configuration.this[0].name && aws_emr_cluster.this[0].auto_termination_policy[0].idle_timeout == 900
    error_message = "the cluster does not use it, or never ends"
  }
}

run "a_maximum_without_room_for_an_executor_is_refused" {
  command = plan

  module {
    source = "../../../terraform/modules/emr"
  }

  variables {
    maximum = { vcpus = 4, memory_gib = 16, disk_gib = 40 }
  }

  expect_failures = [var.maximum]
}

run "memory_that_the_vcpus_cannot_have_is_refused" {
  command = plan

  module {
    source = "../../../terraform/modules/emr"
  }

  variables {
    maximum = { vcpus = 16, memory_gib = 256, disk_gib = 200 }
  }

  expect_failures = [var.maximum]
}
