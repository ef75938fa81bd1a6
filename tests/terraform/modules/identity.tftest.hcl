mock_provider "aws" {
  source = "./mocks"
}

variables {
  name       = "nyc-taxi-test"
  account_id = "123456789012"
  region     = "us-east-1"

  bucket_arns = {
    raw         = "arn:aws:s3:::raw"
    processed   = "arn:aws:s3:::processed"
    artifacts   = "arn:aws:s3:::artifacts"
    checkpoints = "arn:aws:s3:::checkpoints"
  }

  data_key_arn = "arn:aws:kms:us-east-1:123456789012:key/data"

  kafka = {
    cluster_arn = "arn:aws:kafka:us-east-1:123456789012:cluster/nyc-taxi-test/0f0f"
    resource_arns = {
      topic              = "arn:aws:kafka:us-east-1:123456789012:topic/nyc-taxi-test/0f0f"
      group              = "arn:aws:kafka:us-east-1:123456789012:group/nyc-taxi-test/0f0f"
      "transactional-id" = "arn:aws:kafka:us-east-1:123456789012:transactional-id/nyc-taxi-test/0f0f"
    }
    trips_topic        = "trips"
    dead_letters_topic = "trips-dead-letters"
    consumer_group     = "zone_fares"
  }

  role_secret_arns = {
    for role in ["airflow", "backfill", "dbt", "registry", "taxi_reader", "zone_fares"] : role => "arn:aws:secretsmanager:us-east-1:123456789012:secret:${role}"
  }

  flink_application_name = "nyc-taxi-test-zone-fares"
  emr_application_arn    = "arn:aws:emr-serverless:us-east-1:123456789012:/applications/00f0f0"
  producer_task_family   = "nyc-taxi-test-producer"
  ecs_cluster_arn        = "arn:aws:ecs:us-east-1:123456789012:cluster/nyc-taxi-test"
  alarm_topic_arn        = "arn:aws:sns:us-east-1:123456789012:nyc-taxi-test-alarms"
  image_repository_arns  = ["arn:aws:ecr:us-east-1:123456789012:repository/nyc-taxi-test/platform"]
}

run "each_program_has_a_role_of_its_own" {
  module {
    source = "../../../terraform/modules/identity"
  }

  assert {
    condition     = toset(keys(output.role_arns)) == toset(["airflow", "backfill", "flow_log", "producer", "rds_monitoring", "registry", "task_start", "zone_fares"])
    error_message = "not the roles of README.md"
  }

  assert {
    condition     = output.emr_instance_profile_arn == null
    error_message = "roles for machines that nobody asked for"
  }
}

run "emr_on_ec2_brings_its_roles" {
  module {
    source = "../../../terraform/modules/identity"
  }

  variables {
    has_emr_on_ec2 = true
  }

  assert {
    condition     = contains(keys(output.role_arns), "emr_service") && length(aws_iam_instance_profile.emr) == 1
    error_message = "a cluster could not start"
  }
}

