locals {
  log_groups  = "arn:aws:logs:${var.region}:${var.account_id}:log-group:"
  trips       = "${var.kafka.resource_arns["topic"]}/${var.kafka.trips_topic}"
  dead_letter = "${var.kafka.resource_arns["topic"]}/${var.kafka.dead_letters_topic}"
  # A second version of the job has its own consumer group.
  groups     = "${var.kafka.resource_arns["group"]}/${var.kafka.consumer_group}*"
  publishers = "${var.kafka.resource_arns["group"]}/publisher-of-${var.kafka.trips_topic}"
  task_arns  = "arn:aws:ecs:${var.region}:${var.account_id}:task-definition/${var.producer_task_family}"

  # The services that may assume each role.
  services = merge({
    zone_fares     = ["kinesisanalytics.amazonaws.com"]
    producer       = ["ecs-tasks.amazonaws.com"]
    registry       = ["ecs-tasks.amazonaws.com"]
    task_start     = ["ecs-tasks.amazonaws.com"]
    backfill       = ["emr-serverless.amazonaws.com"]
    airflow        = ["airflow.amazonaws.com", "airflow-env.amazonaws.com"]
    flow_log       = ["vpc-flow-logs.amazonaws.com"]
    rds_monitoring = ["monitoring.rds.amazonaws.com"]
    }, var.has_emr_on_ec2 ? {
    emr_service  = ["elasticmapreduce.amazonaws.com"]
    emr_instance = ["ec2.amazonaws.com"]
  } : {})

  # EC2 sends no source account with AssumeRole.
  bound_to_account = [for role in keys(local.services) : role if role != "emr_instance"]

  policies = {
    zone_fares = data.aws_iam_policy_document.zone_fares.json
    producer   = data.aws_iam_policy_document.producer.json
    task_start = data.aws_iam_policy_document.task_start.json
    backfill   = data.aws_iam_policy_document.backfill.json
    airflow    = data.aws_iam_policy_document.airflow.json
    flow_log   = data.aws_iam_policy_document.flow_log.json
  }
}

data "aws_iam_policy_document" "trust" {
  for_each = local.services

  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = each.value
    }

    dynamic "condition" {
      for_each = contains(local.bound_to_account, each.key) ? [1] : []

      # The service may assume the role only for this account: another account cannot make it use this role.
      content {
        test     = "StringEquals"
        variable = "aws:SourceAccount"
        values   = [var.account_id]
      }
    }
  }
}

resource "aws_iam_role" "this" {
  for_each = local.services

  name                 = "${var.name}-${replace(each.key, "_", "-")}"
  assume_role_policy   = data.aws_iam_policy_document.trust[each.key].json
  max_session_duration = 3600
}

resource "aws_iam_role_policy" "this" {
  for_each = local.policies

  name   = each.key
  role   = aws_iam_role.this[each.key].id
  policy = each.value
}

data "aws_iam_policy_document" "zone_fares" {
  statement {
    sid       = "ReadCode"
    actions   = ["s3:GetObject", "s3:GetObjectVersion"]
    resources = ["${var.bucket_arns["artifacts"]}/flink/*"]
  }

  statement {
    sid       = "Decrypt"
    actions   = ["kms:Decrypt"]
    resources = [var.data_key_arn]
  }

  statement {
    sid       = "Connect"
    actions   = ["kafka-cluster:Connect", "kafka-cluster:DescribeCluster", "kafka-cluster:WriteDataIdempotently"]
    resources = [var.kafka.cluster_arn]
  }

  statement {
    sid       = "ReadTrips"
    actions   = ["kafka-cluster:DescribeTopic", "kafka-cluster:ReadData"]
    resources = [local.trips]
  }

  statement {
    sid       = "LeaveOffsets"
    actions   = ["kafka-cluster:AlterGroup", "kafka-cluster:DescribeGroup"]
    resources = [local.groups]
  }

  statement {
    sid       = "WriteDeadLetters"
    actions   = ["kafka-cluster:DescribeTopic", "kafka-cluster:WriteData"]
    resources = [local.dead_letter]
  }

  statement {
    sid       = "ReadPassword"
    actions   = ["secretsmanager:GetSecretValue"]
    resources = [var.role_secret_arns["zone_fares"]]
  }

  statement {
    sid       = "WriteLog"
    actions   = ["logs:DescribeLogStreams", "logs:PutLogEvents"]
    resources = ["${local.log_groups}/${var.name}/flink/*"]
  }

  # The service lists all log groups to find its own.
  statement {
    sid       = "FindLog"
    actions   = ["logs:DescribeLogGroups"]
    resources = ["${local.log_groups}*"]
  }

  # reason: these EC2 actions have no resource.
  statement {
    sid = "SeeNetwork"
    actions = [
      "ec2:DescribeDhcpOptions",
      "ec2:DescribeNetworkInterfaces",
      "ec2:DescribeSecurityGroups",
      "ec2:DescribeSubnets",
      "ec2:DescribeVpcs",
    ]
    resources = ["*"]
  }

  # reason: a network interface has no ARN before it exists. It can be created and deleted in this account and region only.
  statement {
    sid = "JoinNetwork"
    actions = [
      "ec2:CreateNetworkInterface",
      "ec2:CreateNetworkInterfacePermission",
      "ec2:DeleteNetworkInterface",
    ]
    resources = [
      "arn:aws:ec2:${var.region}:${var.account_id}:network-interface/*",
      "arn:aws:ec2:${var.region}:${var.account_id}:security-group/*",
      "arn:aws:ec2:${var.region}:${var.account_id}:subnet/*",
    ]
  }
}

data "aws_iam_policy_document" "producer" {
  statement {
    sid       = "ListMonths"
    actions   = ["s3:ListBucket"]
    resources = [var.bucket_arns["raw"]]

    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = ["raw-data/*"]
    }
  }

  statement {
    sid       = "ReadMonths"
    actions   = ["s3:GetObject"]
    resources = ["${var.bucket_arns["raw"]}/raw-data/*"]
  }

  statement {
    sid       = "Decrypt"
    actions   = ["kms:Decrypt"]
    resources = [var.data_key_arn]
  }

  statement {
    sid       = "Connect"
    actions   = ["kafka-cluster:Connect", "kafka-cluster:DescribeCluster", "kafka-cluster:WriteDataIdempotently"]
    resources = [var.kafka.cluster_arn]
  }

  # An interrupted replay resumes from the newest timestamps of the topic, which requires no read permission.
  statement {
    sid = "WriteTrips"
    actions = [
      "kafka-cluster:CreateTopic",
      "kafka-cluster:DescribeTopic",
      "kafka-cluster:DescribeTopicDynamicConfiguration",
      "kafka-cluster:WriteData",
    ]
    resources = [local.trips]
  }

  # The only static membership of this group prevents two replays from publishing at the same time.
  statement {
    sid       = "HoldTheTopic"
    actions   = ["kafka-cluster:AlterGroup", "kafka-cluster:DescribeGroup"]
    resources = [local.publishers]
  }

  statement {
    sid       = "MakeDeadLetters"
    resources = [local.dead_letter]
    actions = [
      "kafka-cluster:CreateTopic",
      "kafka-cluster:DescribeTopic",
      "kafka-cluster:DescribeTopicDynamicConfiguration",
    ]
  }

  # reason: the channel of `aws ecs execute-command` has no resource. The caller's role controls who may open it.
  statement {
    sid = "BeADoor"
    actions = [
      "ssmmessages:CreateControlChannel",
      "ssmmessages:CreateDataChannel",
      "ssmmessages:OpenControlChannel",
      "ssmmessages:OpenDataChannel",
    ]
    resources = ["*"]
  }
}

data "aws_iam_policy_document" "task_start" {
  # reason: a token is valid for the whole registry of the account; the images are listed below.
  statement {
    sid       = "LogIn"
    actions   = ["ecr:GetAuthorizationToken"]
    resources = ["*"]
  }

  statement {
    sid       = "FetchImages"
    actions   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    resources = var.image_repository_arns
  }

  statement {
    sid       = "ReadPasswords"
    actions   = ["secretsmanager:GetSecretValue"]
    resources = [var.role_secret_arns["registry"]]
  }

  statement {
    sid       = "Decrypt"
    actions   = ["kms:Decrypt"]
    resources = [var.data_key_arn]
  }

  statement {
    sid     = "WriteLog"
    actions = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = [
      "${local.log_groups}/${var.name}/producer:*",
      "${local.log_groups}/${var.name}/registry:*",
    ]
  }
}

data "aws_iam_policy_document" "backfill" {
  statement {
    sid       = "List"
    actions   = ["s3:ListBucket"]
    resources = [var.bucket_arns["raw"], var.bucket_arns["processed"], var.bucket_arns["artifacts"]]
  }

  statement {
    sid     = "ReadMonthsAndCode"
    actions = ["s3:GetObject"]
    resources = [
      "${var.bucket_arns["raw"]}/raw-data/*",
      "${var.bucket_arns["artifacts"]}/spark/*",
    ]
  }

  statement {
    sid       = "WriteHistory"
    actions   = ["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:PutObject"]
    resources = ["${var.bucket_arns["processed"]}/processed-data/*"]
  }

  statement {
    sid       = "WriteSparkLogs"
    actions   = ["s3:GetObject", "s3:PutObject"]
    resources = ["${var.bucket_arns["checkpoints"]}/spark-logs/*"]
  }

  statement {
    sid       = "UseKey"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [var.data_key_arn]
  }

  statement {
    sid       = "ReadPassword"
    actions   = ["secretsmanager:GetSecretValue"]
    resources = [var.role_secret_arns["backfill"]]
  }
}

data "aws_iam_policy_document" "airflow" {
  statement {
    sid       = "TellHealth"
    actions   = ["airflow:PublishMetrics"]
    resources = ["arn:aws:airflow:${var.region}:${var.account_id}:environment/${var.name}"]
  }

  statement {
    sid = "ReadDags"
    actions = [
      "s3:GetBucketPublicAccessBlock",
      "s3:GetBucketVersioning",
      "s3:GetEncryptionConfiguration",
      "s3:ListBucket",
      "s3:ListBucketVersions",
    ]
    resources = [var.bucket_arns["artifacts"]]
  }

  statement {
    sid       = "ReadDagFiles"
    actions   = ["s3:GetObject", "s3:GetObjectVersion"]
    resources = ["${var.bucket_arns["artifacts"]}/airflow/*"]
  }

  # reason: MWAA reads the account's public access block before it starts; that has no resource.
  statement {
    sid       = "SeeThatNothingIsPublic"
    actions   = ["s3:GetAccountPublicAccessBlock"]
    resources = ["*"]
  }

  statement {
    sid       = "SeeMonthsAndLogs"
    actions   = ["s3:ListBucket"]
    resources = [var.bucket_arns["raw"], var.bucket_arns["processed"], var.bucket_arns["checkpoints"]]
  }

  statement {
    sid = "WriteLogs"
    actions = [
      "logs:CreateLogGroup",
      "logs:CreateLogStream",
      "logs:GetLogEvents",
      "logs:GetLogGroupFields",
      "logs:GetLogRecord",
      "logs:GetQueryResults",
      "logs:PutLogEvents",
    ]
    resources = ["${local.log_groups}airflow-${var.name}-*"]
  }

  # reason: MWAA lists the log groups before it creates its own; this action has no resource.
  statement {
    sid       = "FindLogs"
    actions   = ["logs:DescribeLogGroups"]
    resources = ["*"]
  }

  # reason: metrics have no resource; the condition allows only Airflow's namespace.
  statement {
    sid       = "WriteMetrics"
    actions   = ["cloudwatch:PutMetricData"]
    resources = ["*"]

    condition {
      test     = "StringEquals"
      variable = "cloudwatch:namespace"
      values   = ["AmazonMWAA"]
    }
  }

  # reason: the queue is in an account of AWS whose ID is not published; the prefix of its name is the service's.
  statement {
    sid = "UseItsQueue"
    actions = [
      "sqs:ChangeMessageVisibility",
      "sqs:DeleteMessage",
      "sqs:GetQueueAttributes",
      "sqs:GetQueueUrl",
      "sqs:ReceiveMessage",
      "sqs:SendMessage",
    ]
    resources = ["arn:aws:sqs:${var.region}:*:airflow-celery-*"]
  }

  statement {
    sid       = "UseKey"
    actions   = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"]
    resources = [var.data_key_arn]
  }

  statement {
    sid       = "ReadPassword"
    actions   = ["secretsmanager:GetSecretValue"]
    resources = [var.role_secret_arns["airflow"], var.role_secret_arns["dbt"]]
  }

  statement {
    sid       = "TellPeople"
    actions   = ["sns:Publish"]
    resources = [var.alarm_topic_arn]
  }

  statement {
    sid = "StartBackfills"
    actions = [
      "emr-serverless:GetApplication",
      "emr-serverless:ListJobRuns",
      "emr-serverless:StartApplication",
      "emr-serverless:StartJobRun",
    ]
    resources = [var.emr_application_arn]
  }

  statement {
    sid       = "FollowBackfills"
    actions   = ["emr-serverless:CancelJobRun", "emr-serverless:GetDashboardForJobRun", "emr-serverless:GetJobRun"]
    resources = ["${var.emr_application_arn}/jobruns/*"]
  }

  statement {
    sid       = "ReadWhyOneFailed"
    actions   = ["s3:GetObject"]
    resources = ["${var.bucket_arns["checkpoints"]}/spark-logs/*"]
  }

  statement {
    sid = "KeepTheJobAlive"
    actions = [
      "kinesisanalytics:CreateApplicationSnapshot",
      "kinesisanalytics:DescribeApplication",
      "kinesisanalytics:DescribeApplicationOperation",
      "kinesisanalytics:DescribeApplicationSnapshot",
      "kinesisanalytics:ListApplicationOperations",
      "kinesisanalytics:ListApplicationSnapshots",
      "kinesisanalytics:StartApplication",
      "kinesisanalytics:StopApplication",
    ]
    resources = ["arn:aws:kinesisanalytics:${var.region}:${var.account_id}:application/${var.flink_application_name}"]
  }

  statement {
    sid       = "StartReplays"
    actions   = ["ecs:RunTask"]
    resources = ["${local.task_arns}:*"]

    condition {
      test     = "ArnEquals"
      variable = "ecs:cluster"
      values   = [var.ecs_cluster_arn]
    }
  }

  statement {
    sid       = "FollowReplays"
    actions   = ["ecs:DescribeTasks", "ecs:StopTask"]
    resources = ["arn:aws:ecs:${var.region}:${var.account_id}:task/${var.name}/*"]
  }

  statement {
    sid       = "HandRolesOn"
    actions   = ["iam:PassRole"]
    resources = [for role in ["backfill", "producer", "task-start"] : "arn:aws:iam::${var.account_id}:role/${var.name}-${role}"]

    condition {
      test     = "StringEquals"
      variable = "iam:PassedToService"
      values   = ["emr-serverless.amazonaws.com", "ecs-tasks.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "flow_log" {
  statement {
    sid       = "WriteFlowLog"
    actions   = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
    resources = ["${local.log_groups}/${var.name}/vpc-flow:*"]
  }

  statement {
    sid       = "FindLog"
    actions   = ["logs:DescribeLogGroups"]
    resources = ["${local.log_groups}*"]
  }
}

resource "aws_iam_role_policy_attachment" "rds_monitoring" {
  role       = aws_iam_role.this["rds_monitoring"].name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole"
}

resource "aws_iam_role_policy_attachment" "emr_service" {
  count = var.has_emr_on_ec2 ? 1 : 0

  role       = aws_iam_role.this["emr_service"].name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AmazonEMRServicePolicy_v2"
}

# On EMR on EC2, a backfill has the same permissions as on EMR Serverless.
resource "aws_iam_role_policy" "emr_instance" {
  count = var.has_emr_on_ec2 ? 1 : 0

  name   = "backfill"
  role   = aws_iam_role.this["emr_instance"].id
  policy = data.aws_iam_policy_document.backfill.json
}

resource "aws_iam_instance_profile" "emr" {
  count = var.has_emr_on_ec2 ? 1 : 0

  name = "${var.name}-emr"
  role = aws_iam_role.this["emr_instance"].name
}
