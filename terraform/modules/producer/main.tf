resource "aws_ecr_repository" "this" {
  name                 = "${var.name}/platform"
  image_tag_mutability = "IMMUTABLE"
  force_delete         = var.can_be_emptied

  image_scanning_configuration {
    scan_on_push = true
  }

  encryption_configuration {
    encryption_type = "KMS"
    kms_key         = var.data_key_arn
  }
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/${var.name}/producer"
  retention_in_days = 365
  kms_key_id        = var.logs_key_arn
}

resource "aws_ecs_task_definition" "this" {
  family                   = "${var.name}-producer"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.cpu
  memory                   = var.memory_mib
  execution_role_arn       = var.execution_role_arn
  task_role_arn            = var.task_role_arn

  # The root file system is read-only. This volume holds prepared months and the state of a replay.
  volume {
    name = "work"
  }

  # The agent of execute-command must be able to write here.
  volume {
    name = "agent-state"
  }

  volume {
    name = "agent-log"
  }

  container_definitions = jsonencode([{
    name                   = "producer"
    image                  = "${aws_ecr_repository.this.repository_url}:${var.image_tag}"
    essential              = true
    readonlyRootFilesystem = true
    command                = ["producer", "--help"]
    mountPoints = [
      { sourceVolume = "work", containerPath = "/work", readOnly = false },
      { sourceVolume = "agent-state", containerPath = "/var/lib/amazon", readOnly = false },
      { sourceVolume = "agent-log", containerPath = "/var/log/amazon", readOnly = false },
    ]
    environment = [
      for name, value in merge(var.settings, { TAXI_HOME = "/work/taxi", TAXI_CACHE_DIR = "/work/cache", TMPDIR = "/work" }) :
      { name = name, value = value }
    ]
    secrets = [for name, secret in var.secret_settings : { name = name, valueFrom = secret }]
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        "awslogs-group"         = aws_cloudwatch_log_group.this.name
        "awslogs-region"        = var.region
        "awslogs-stream-prefix" = "producer"
      }
    }
  }])
}
