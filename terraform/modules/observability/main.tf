locals {
  flink    = { Application = var.flink_application_name }
  lag      = { "Cluster Name" = var.kafka_cluster_name, "Consumer Group" = var.consumer_group, Topic = var.trips_topic }
  database = { DBInstanceIdentifier = var.postgres_identifier }
  airflow  = { Environment = var.airflow_environment_name, Function = "Scheduler" }
  service  = { ClusterName = var.registry.cluster_name, ServiceName = var.registry.service_name }

  # `missing` defines how missing data is treated: a job without metrics is not healthy.
  alarms = {
    job-silent = {
      says      = "The Flink job sends no metrics: it is not running. Run ./taxi job status --on managed-flink"
      namespace = "AWS/KinesisAnalytics", metric = "KPUs", dimensions = local.flink, statistic = "Minimum"
      operator  = "LessThanThreshold", threshold = 1, minutes = 1, periods = 5, missing = "breaching"
    }
    checkpoint-slow = {
      says      = "A checkpoint of the Flink job takes longer than ${var.checkpoint_limit_seconds} s. After a failure, everything since the last checkpoint is read again."
      namespace = "AWS/KinesisAnalytics", metric = "lastCheckpointDuration", dimensions = local.flink, statistic = "Maximum"
      operator  = "GreaterThanThreshold", threshold = var.checkpoint_limit_seconds * 1000, minutes = 1, periods = 5, missing = "breaching"
    }
    lag = {
      says      = "The Flink job is more than ${var.lag_limit_records} trips behind, or has not completed a checkpoint for that many trips."
      namespace = "AWS/Kafka", metric = "SumOffsetLag", dimensions = local.lag, statistic = "Maximum"
      operator  = "GreaterThanThreshold", threshold = var.lag_limit_records, minutes = 1, periods = 10, missing = "notBreaching"
    }
    postgres-cpu = {
      says      = "The CPU of the database is above 90 % for 15 minutes: windows are written late."
      namespace = "AWS/RDS", metric = "CPUUtilization", dimensions = local.database, statistic = "Average"
      operator  = "GreaterThanThreshold", threshold = 90, minutes = 5, periods = 3, missing = "breaching"
    }
    postgres-disk = {
      says      = "The database has less than 5 GiB of free disk space, although its disk grows automatically. Raise the limit of the disk."
      namespace = "AWS/RDS", metric = "FreeStorageSpace", dimensions = local.database, statistic = "Minimum"
      operator  = "LessThanThreshold", threshold = 5368709120, minutes = 5, periods = 3, missing = "breaching"
    }
    airflow-silent = {
      says      = "Airflow's scheduler sends no heartbeat: no backfill is started, and a job that is down is not restarted."
      namespace = "AmazonMWAA", metric = "SchedulerHeartbeat", dimensions = local.airflow, statistic = "Sum"
      operator  = "LessThanThreshold", threshold = 1, minutes = 5, periods = 3, missing = "breaching"
    }
    registry-silent = {
      says      = "No task of the schema registry is running: the producer cannot start, and the job fails at the first new schema."
      namespace = "ECS/ContainerInsights", metric = "RunningTaskCount", dimensions = local.service, statistic = "Minimum"
      operator  = "LessThanThreshold", threshold = 1, minutes = 1, periods = 5, missing = "breaching"
    }
  }

  # Disk metrics are per broker, and an alarm cannot use a search expression.
  disks = {
    for broker in range(1, var.kafka_broker_count + 1) : "kafka-disk-${broker}" => {
      says      = "The disk of broker ${broker} is more than 85 % full, although it grows automatically. Raise the limit of the disk."
      namespace = "AWS/Kafka", metric = "KafkaDataLogsDiskUsed", statistic = "Maximum"
      operator  = "GreaterThanThreshold", threshold = 85, minutes = 5, periods = 3, missing = "missing"

      dimensions = { "Cluster Name" = var.kafka_cluster_name, "Broker ID" = tostring(broker) }
    }
  }

  # Counters since the start of the job: the alarm is on their growth.
  growing = {
    job-restarts = {
      says   = "The Flink job restarted after a failure. Run ./taxi job status --on managed-flink to see the cause."
      metric = "numRestarts"
    }
    checkpoints-failing = {
      says   = "Checkpoints of the Flink job fail: its newest state gets older. Run ./taxi job status --on managed-flink to see the cause."
      metric = "numberOfFailedCheckpoints"
    }
  }
}

data "aws_iam_policy_document" "topic" {
  statement {
    sid       = "AlarmsAndBudgetsPublish"
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.this.arn]

    principals {
      type        = "Service"
      identifiers = ["cloudwatch.amazonaws.com", "budgets.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.account_id]
    }
  }

  # EventBridge sends SNS no account or rule that a condition could check.
  statement {
    sid       = "EventsPublish"
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.this.arn]

    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }
  }
}

resource "aws_sns_topic" "this" {
  name              = "${var.name}-alarms"
  kms_master_key_id = var.data_key_arn
}

resource "aws_sns_topic_policy" "this" {
  arn    = aws_sns_topic.this.arn
  policy = data.aws_iam_policy_document.topic.json
}

resource "aws_sns_topic_subscription" "this" {
  for_each = var.email_addresses

  topic_arn = aws_sns_topic.this.arn
  protocol  = "email"
  endpoint  = each.key
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = merge(local.alarms, local.disks)

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = each.value.says
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = each.value.statistic
  comparison_operator = each.value.operator
  threshold           = each.value.threshold
  period              = each.value.minutes * 60
  evaluation_periods  = each.value.periods
  treat_missing_data  = each.value.missing
  alarm_actions       = [aws_sns_topic.this.arn]
  ok_actions          = [aws_sns_topic.this.arn]
}

resource "aws_cloudwatch_metric_alarm" "growing" {
  for_each = local.growing

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = each.value.says
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  evaluation_periods  = 5
  datapoints_to_alarm = 2
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.this.arn]
  ok_actions          = [aws_sns_topic.this.arn]

  metric_query {
    id          = "growth"
    expression  = "DIFF(counter)"
    label       = "${each.value.metric}, new in a minute"
    return_data = true
  }

  metric_query {
    id = "counter"

    metric {
      namespace   = "AWS/KinesisAnalytics"
      metric_name = each.value.metric
      dimensions  = local.flink
      period      = 60
      stat        = "Maximum"
    }
  }
}

resource "aws_cloudwatch_event_rule" "failed_backfill" {
  name        = "${var.name}-failed-backfill"
  description = "A backfill on EMR Serverless has failed or was cancelled"

  event_pattern = jsonencode({
    source      = ["aws.emr-serverless"]
    detail-type = ["EMR Serverless Job Run State Change"]
    detail      = { applicationId = [var.emr_application_id], state = ["FAILED", "CANCELLED"] }
  })
}

resource "aws_cloudwatch_event_target" "failed_backfill" {
  rule = aws_cloudwatch_event_rule.failed_backfill.name
  arn  = aws_sns_topic.this.arn

  input_transformer {
    input_paths    = { run = "$.detail.jobRunId", name = "$.detail.jobRunName", state = "$.detail.state" }
    input_template = "\"The backfill <name> (<run>) is <state>. Its month is as it was before.\""
  }
}

resource "aws_cloudwatch_event_rule" "failed_step" {
  count = var.emr_on_ec2 == null ? 0 : 1

  name        = "${var.name}-failed-step"
  description = "A backfill on the cluster of EMR has failed or was cancelled"

  event_pattern = jsonencode({
    source      = ["aws.emr"]
    detail-type = ["EMR Step Status Change"]
    detail      = { clusterId = [var.emr_on_ec2.cluster_id], state = ["FAILED", "CANCELLED"] }
  })
}

resource "aws_cloudwatch_event_target" "failed_step" {
  count = var.emr_on_ec2 == null ? 0 : 1

  rule = aws_cloudwatch_event_rule.failed_step[0].name
  arn  = aws_sns_topic.this.arn

  input_transformer {
    input_paths    = { run = "$.detail.stepId", name = "$.detail.name", state = "$.detail.state" }
    input_template = "\"The backfill <name> (<run>) is <state>. Its month is as it was before.\""
  }
}

resource "aws_budgets_budget" "this" {
  name         = "${var.name}-month"
  budget_type  = "COST"
  limit_amount = tostring(var.monthly_budget_usd)
  limit_unit   = "USD"
  time_unit    = "MONTHLY"

  notification {
    comparison_operator       = "GREATER_THAN"
    threshold                 = 80
    threshold_type            = "PERCENTAGE"
    notification_type         = "ACTUAL"
    subscriber_sns_topic_arns = [aws_sns_topic.this.arn]
  }

  notification {
    comparison_operator       = "GREATER_THAN"
    threshold                 = 100
    threshold_type            = "PERCENTAGE"
    notification_type         = "FORECASTED"
    subscriber_sns_topic_arns = [aws_sns_topic.this.arn]
  }
}
