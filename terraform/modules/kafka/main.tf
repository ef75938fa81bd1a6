locals {
  is_serverless = var.mode == "serverless"
  iam_port      = 9098
  # All replicas but one must acknowledge a write, so that one broker may be down.
  replicas = min(var.broker_count, 3)

  # The recommended number of partitions on a broker, with replicas: "Best practices for Standard brokers" of the
  # developer guide of MSK.
  partitions_per_broker = merge(
    { "kafka.t3.small" = 300 },
    { for size in ["large", "xlarge"] : "kafka.m5.${size}" => 1000 },
    { "kafka.m5.2xlarge" = 2000 },
    { for size in ["4xlarge", "8xlarge", "12xlarge", "16xlarge", "24xlarge"] : "kafka.m5.${size}" => 4000 },
    { for size in ["large", "xlarge"] : "kafka.m7g.${size}" => 1000 },
    { "kafka.m7g.2xlarge" = 2000 },
    { for size in ["4xlarge", "8xlarge", "12xlarge", "16xlarge"] : "kafka.m7g.${size}" => 4000 },
  )
  topics              = 2  # trips and dead letters
  internal_partitions = 50 # of __consumer_offsets
  recommended         = lookup(local.partitions_per_broker, var.broker_instance_type, 0)
  most_partitions     = floor((local.recommended * var.broker_count / local.replicas - local.internal_partitions) / local.topics)
}

resource "aws_security_group" "this" {
  name        = "${var.name}-kafka"
  description = "The brokers"
  vpc_id      = var.vpc_id

  tags = { Name = "${var.name}-kafka" }
}

resource "aws_vpc_security_group_ingress_rule" "this" {
  for_each = var.client_security_group_ids

  security_group_id            = aws_security_group.this.id
  description                  = "${each.key}, by IAM and TLS"
  referenced_security_group_id = each.value
  from_port                    = local.iam_port
  to_port                      = local.iam_port
  ip_protocol                  = "tcp"
}

resource "aws_cloudwatch_log_group" "this" {
  count = local.is_serverless ? 0 : 1

  name              = "/${var.name}/kafka"
  retention_in_days = 365
  kms_key_id        = var.logs_key_arn
}

resource "aws_msk_configuration" "this" {
  count = local.is_serverless ? 0 : 1

  name = "${var.name}-kafka"

  # log.retention.ms=-1: replayed trips have old timestamps, and any limit would delete them at once.
  server_properties = <<-PROPERTIES
    auto.create.topics.enable=false
    default.replication.factor=${local.replicas}
    min.insync.replicas=${max(local.replicas - 1, 1)}
    unclean.leader.election.enable=false
    log.retention.ms=-1
    num.partitions=${var.partitions}
  PROPERTIES

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_msk_cluster" "this" {
  count = local.is_serverless ? 0 : 1

  cluster_name           = var.name
  kafka_version          = var.kafka_version
  number_of_broker_nodes = var.broker_count
  enhanced_monitoring    = "PER_TOPIC_PER_BROKER"

  broker_node_group_info {
    instance_type   = var.broker_instance_type
    client_subnets  = var.subnet_ids
    security_groups = [aws_security_group.this.id]

    connectivity_info {
      public_access {
        type = "DISABLED"
      }
    }

    storage_info {
      ebs_storage_info {
        volume_size = var.broker_volume_gib
      }
    }
  }

  client_authentication {
    unauthenticated = false

    sasl {
      iam   = true
      scram = false
    }
  }

  encryption_info {
    encryption_at_rest_kms_key_arn = var.data_key_arn

    encryption_in_transit {
      client_broker = "TLS"
      in_cluster    = true
    }
  }

  configuration_info {
    arn      = aws_msk_configuration.this[0].arn
    revision = aws_msk_configuration.this[0].latest_revision
  }

  logging_info {
    broker_logs {
      cloudwatch_logs {
        enabled   = true
        log_group = aws_cloudwatch_log_group.this[0].name
      }
    }
  }

  lifecycle {
    # Disks grow automatically and never shrink: an apply must not request the old size.
    ignore_changes = [broker_node_group_info[0].storage_info[0].ebs_storage_info[0].volume_size]
  }
}

resource "aws_appautoscaling_target" "volume" {
  count = local.is_serverless ? 0 : 1

  service_namespace  = "kafka"
  scalable_dimension = "kafka:broker-storage:VolumeSize"
  resource_id        = aws_msk_cluster.this[0].arn
  min_capacity       = 1
  max_capacity       = var.broker_volume_limit_gib
}

resource "aws_appautoscaling_policy" "volume" {
  count = local.is_serverless ? 0 : 1

  name               = "${var.name}-kafka-volume"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.volume[0].service_namespace
  scalable_dimension = aws_appautoscaling_target.volume[0].scalable_dimension
  resource_id        = aws_appautoscaling_target.volume[0].resource_id

  target_tracking_scaling_policy_configuration {
    target_value     = 70
    disable_scale_in = true

    predefined_metric_specification {
      predefined_metric_type = "KafkaBrokerStorageUtilization"
    }
  }
}

resource "aws_msk_serverless_cluster" "this" {
  count = local.is_serverless ? 1 : 0

  cluster_name = var.name

  vpc_config {
    subnet_ids         = var.subnet_ids
    security_group_ids = [aws_security_group.this.id]
  }

  client_authentication {
    sasl {
      iam {
        enabled = true
      }
    }
  }
}
