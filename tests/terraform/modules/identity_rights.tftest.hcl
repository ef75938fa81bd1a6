# The real provider computes policies by itself: nothing is asked of AWS while planning.
provider "aws" {
  region                      = "us-east-1"
  access_key                  = "testing"
  secret_key                  = "testing"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
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

run "each_program_may_do_what_it_needs_and_no_more" {
  command = plan

  module {
    source = "../../../terraform/modules/identity"
  }

  # Both write by an idempotent client, which is a right on the cluster.
  assert {
    condition = alltrue([
      for document in [data.aws_iam_policy_document.zone_fares.json, data.aws_iam_policy_document.producer.json] : anytrue([
        for statement in jsondecode(document).Statement :
        contains(flatten([statement.Action]), "kafka-cluster:WriteDataIdempotently") && flatten([statement.Resource]) == [var.kafka.cluster_arn]
      ])
    ])
    error_message = "a client that writes to Kafka is refused its first record"
  }

  assert {
    condition = !anytrue([
      for statement in jsondecode(data.aws_iam_policy_document.zone_fares.json).Statement :
      contains(flatten([statement.Action]), "kafka-cluster:WriteData") && anytrue([for one in flatten([statement.Resource]) : endswith(one, "/trips")])
    ])
    error_message = "the job may write what it reads"
  }

  assert {
    condition = !anytrue([
      for statement in jsondecode(data.aws_iam_policy_document.producer.json).Statement :
      contains(flatten([statement.Action]), "kafka-cluster:WriteData") && anytrue([for one in flatten([statement.Resource]) : strcontains(one, "dead-letters")])
    ])
    error_message = "the producer may write what the job writes"
  }

  assert {
    condition = {
      for program, document in {
        zone_fares = data.aws_iam_policy_document.zone_fares.json
        backfill   = data.aws_iam_policy_document.backfill.json
        producer   = data.aws_iam_policy_document.producer.json
        } : program => flatten([
          for statement in jsondecode(document).Statement : statement.Resource if contains(flatten([statement.Action]), "secretsmanager:GetSecretValue")
      ])
      } == {
      zone_fares = ["arn:aws:secretsmanager:us-east-1:123456789012:secret:zone_fares"]
      backfill   = ["arn:aws:secretsmanager:us-east-1:123456789012:secret:backfill"]
      producer   = []
    }
    error_message = "a program may read another's password"
  }

  assert {
    condition = !anytrue(flatten([
      for document in local.policies : [
        for statement in jsondecode(document).Statement : [for action in flatten([statement.Action]) : strcontains(action, "*")]
      ]
    ]))
    error_message = "a role may do more than is named"
  }

  assert {
    condition = !anytrue(flatten([
      for document in local.policies : [
        for statement in jsondecode(document).Statement : [
          for resource in flatten([statement.Resource]) : startswith(resource, "arn:aws:s3:::raw/")
        ] if length(setintersection(flatten([statement.Action]), ["s3:PutObject", "s3:DeleteObject"])) > 0
      ]
    ]))
    error_message = "a program may change what everything is computed from"
  }

  assert {
    condition = alltrue([
      for document in data.aws_iam_policy_document.trust :
      jsondecode(document.json).Statement[0].Condition.StringEquals["aws:SourceAccount"] == "123456789012"
    ])
    error_message = "another account could have a service act as our role"
  }

  assert {
    condition = length(setsubtract(
      [for verb in ["DescribeApplication", "ListApplicationOperations", "ListApplicationSnapshots", "StartApplication"] : "kinesisanalytics:${verb}"],
      flatten([for statement in jsondecode(data.aws_iam_policy_document.airflow.json).Statement : statement.Action]),
    )) == 0
    error_message = "the watchdog may not bring a lost job back"
  }

  assert {
    condition = [
      for statement in jsondecode(data.aws_iam_policy_document.airflow.json).Statement :
      statement.Resource if contains(flatten([statement.Action]), "sns:Publish")
    ] == ["arn:aws:sns:us-east-1:123456789012:nyc-taxi-test-alarms"]
    error_message = "an alert of Airflow reaches nobody, or anybody"
  }

  assert {
    condition = alltrue([
      for statement in jsondecode(data.aws_iam_policy_document.airflow.json).Statement :
      toset(statement.Condition.StringEquals["iam:PassedToService"]) == toset(["ecs-tasks.amazonaws.com", "emr-serverless.amazonaws.com"])
      if statement.Action == "iam:PassRole"
    ])
    error_message = "Airflow may hand roles to anybody"
  }
}
