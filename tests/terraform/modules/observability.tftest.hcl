mock_provider "aws" {
  source = "./mocks"
}

variables {
  name                     = "nyc-taxi-test"
  account_id               = "123456789012"
  data_key_arn             = "arn:aws:kms:us-east-1:123456789012:key/data"
  email_addresses          = ["on-call@example.com"]
  flink_application_name   = "nyc-taxi-test-zone-fares"
  kafka_cluster_name       = "nyc-taxi-test"
  kafka_broker_count       = 2
  trips_topic              = "trips"
  consumer_group           = "zone_fares"
  postgres_identifier      = "nyc-taxi-test"
  emr_application_id       = "00f0f0"
  airflow_environment_name = "nyc-taxi-test"
  registry                 = { cluster_name = "nyc-taxi-test", service_name = "registry" }
  monthly_budget_usd       = 1000
}

run "trouble_is_told" {
  module {
    source = "../../../terraform/modules/observability"
  }

  assert {
    condition = alltrue([
      for alarm in concat(values(aws_cloudwatch_metric_alarm.this), values(aws_cloudwatch_metric_alarm.growing)) :
      alarm.alarm_actions == toset([aws_sns_topic.this.arn]) && length(alarm.alarm_description) > 40
    ])
    error_message = "an alarm reaches nobody, or does not say what is wrong"
  }

  assert {
    condition = join(" ", output.alarm_names) == join(" ", [for name in [
      "airflow-silent", "checkpoint-slow", "checkpoints-failing", "job-restarts", "job-silent", "kafka-disk-1", "kafka-disk-2", "lag", "postgres-cpu", "postgres-disk", "registry-silent",
    ] : "nyc-taxi-test-${name}"])
    error_message = "not the alarms of README.md"
  }

  assert {
    condition     = alltrue([for name in ["job-silent", "checkpoint-slow", "airflow-silent", "registry-silent"] : aws_cloudwatch_metric_alarm.this[name].treat_missing_data == "breaching"])
    error_message = "no data would look like no trouble"
  }

  assert {
    condition = alltrue([
      for alarm in aws_cloudwatch_metric_alarm.growing : length([for query in alarm.metric_query : query if query.expression == "DIFF(counter)"]) == 1
    ])
    error_message = "one restart would ring for ever"
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.this["lag"].dimensions == tomap({ "Cluster Name" = "nyc-taxi-test", "Consumer Group" = "zone_fares", Topic = "trips" })
    error_message = "the lag of nobody is measured"
  }

  assert {
    condition     = jsondecode(aws_cloudwatch_event_rule.failed_backfill.event_pattern).detail == { applicationId = ["00f0f0"], state = ["FAILED", "CANCELLED"] }
    error_message = "a failed backfill would pass unseen"
  }

  assert {
    condition     = toset([for warning in aws_budgets_budget.this.notification : "${warning.notification_type} ${warning.threshold}"]) == toset(["ACTUAL 80", "FORECASTED 100"])
    error_message = "the bill comes first"
  }
}

run "a_step_that_fails_is_told_where_there_is_a_cluster" {
  module {
    source = "../../../terraform/modules/observability"
  }

  variables {
    emr_on_ec2 = { cluster_id = "j-0F0F" }
  }

  assert {
    condition     = jsondecode(aws_cloudwatch_event_rule.failed_step[0].event_pattern).detail.clusterId == ["j-0F0F"] && aws_cloudwatch_event_target.failed_step[0].arn == aws_sns_topic.this.arn
    error_message = "a failed backfill on the cluster would pass unseen"
  }
}

run "alarms_for_nobody_are_refused" {
  command = plan

  module {
    source = "../../../terraform/modules/observability"
  }

  variables {
    email_addresses = []
  }

  expect_failures = [var.email_addresses]
}
