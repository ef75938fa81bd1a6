locals {
  root = "arn:aws:iam::${var.account_id}:root"
}

data "aws_iam_policy_document" "data" {
  # reason: kms:* on * in a key policy means this key only. It delegates control to the account's IAM policies. Without it,
  # the key could never be changed or deleted.
  # checkov:skip=CKV_AWS_109:the account administers its own key
  # checkov:skip=CKV_AWS_111:the account administers its own key
  # checkov:skip=CKV_AWS_356:a key policy can name no resource but itself
  statement {
    sid       = "AccountAdministers"
    actions   = ["kms:*"]
    resources = ["*"]

    principals {
      type        = "AWS"
      identifiers = [local.root]
    }
  }

  # reason: * is the key itself. EventBridge sends no account or rule that a condition could check.
  statement {
    sid       = "EventsReachTheTopic"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = ["*"]

    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }
  }

  # reason: * is the key itself. MWAA encrypts the logs of its own groups with the key of the environment.
  statement {
    sid       = "AirflowLogs"
    actions   = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:ReEncryptTo"]
    resources = ["*"]

    principals {
      type        = "Service"
      identifiers = ["logs.${var.region}.amazonaws.com"]
    }

    condition {
      test     = "ArnLike"
      variable = "kms:EncryptionContext:aws:logs:arn"
      values   = ["arn:aws:logs:${var.region}:${var.account_id}:log-group:airflow-${var.name}-*"]
    }
  }

  # reason: * is the key itself. Alarms and budgets have no IAM role that could be granted the key.
  statement {
    sid       = "AlarmsReachTheTopic"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = ["*"]

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
}

data "aws_iam_policy_document" "logs" {
  # reason: as above, kms:* on * delegates control of this key to the account.
  # checkov:skip=CKV_AWS_109:the account administers its own key
  # checkov:skip=CKV_AWS_111:the account administers its own key
  # checkov:skip=CKV_AWS_356:a key policy can name no resource but itself
  statement {
    sid       = "AccountAdministers"
    actions   = ["kms:*"]
    resources = ["*"]

    principals {
      type        = "AWS"
      identifiers = [local.root]
    }
  }

  # reason: * is the key itself; the condition limits it to log groups of this account.
  statement {
    sid       = "LogsAreEncrypted"
    actions   = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:ReEncryptTo"]
    resources = ["*"]

    principals {
      type        = "Service"
      identifiers = ["logs.${var.region}.amazonaws.com"]
    }

    condition {
      test     = "ArnLike"
      variable = "kms:EncryptionContext:aws:logs:arn"
      values   = ["arn:aws:logs:${var.region}:${var.account_id}:log-group:*"]
    }
  }
}

resource "aws_kms_key" "data" {
  description             = "${var.name}: buckets, Kafka, Postgres, secrets, alarms"
  enable_key_rotation     = true
  deletion_window_in_days = 30
  policy                  = data.aws_iam_policy_document.data.json
}

resource "aws_kms_alias" "data" {
  name          = "alias/${var.name}-data"
  target_key_id = aws_kms_key.data.key_id
}

resource "aws_kms_key" "logs" {
  description             = "${var.name}: log groups"
  enable_key_rotation     = true
  deletion_window_in_days = 30
  policy                  = data.aws_iam_policy_document.logs.json
}

resource "aws_kms_alias" "logs" {
  name          = "alias/${var.name}-logs"
  target_key_id = aws_kms_key.logs.key_id
}
