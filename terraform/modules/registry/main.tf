locals {
  port          = 8080
  listener_port = var.tls == null ? 80 : 443
  scheme        = var.tls == null ? "http" : "https"
  jdbc_url      = "jdbc:postgresql://${var.postgres.host}:${var.postgres.port}/${var.postgres.database}?currentSchema=registry&sslmode=require"
}

resource "aws_ecr_repository" "this" {
  name                 = "${var.name}/registry"
  image_tag_mutability = "IMMUTABLE"
  force_delete         = !var.is_protected

  image_scanning_configuration {
    scan_on_push = true
  }

  encryption_configuration {
    encryption_type = "KMS"
    kms_key         = var.data_key_arn
  }
}

resource "aws_security_group" "balancer" {
  name        = "${var.name}-registry-balancer"
  description = "The address of the schema registry"
  vpc_id      = var.vpc_id

  tags = { Name = "${var.name}-registry-balancer" }
}

resource "aws_vpc_security_group_ingress_rule" "balancer" {
  for_each = var.client_security_group_ids

  security_group_id            = aws_security_group.balancer.id
  description                  = each.key
  referenced_security_group_id = each.value
  from_port                    = local.listener_port
  to_port                      = local.listener_port
  ip_protocol                  = "tcp"
}

resource "aws_vpc_security_group_egress_rule" "balancer" {
  security_group_id            = aws_security_group.balancer.id
  description                  = "To the tasks"
  referenced_security_group_id = var.security_group_id
  from_port                    = local.port
  to_port                      = local.port
  ip_protocol                  = "tcp"
}

resource "aws_vpc_security_group_ingress_rule" "task" {
  security_group_id            = var.security_group_id
  description                  = "From the balancer"
  referenced_security_group_id = aws_security_group.balancer.id
  from_port                    = local.port
  to_port                      = local.port
  ip_protocol                  = "tcp"
}

resource "aws_lb" "this" {
  name                       = "${var.name}-registry"
  internal                   = true
  load_balancer_type         = "application"
  security_groups            = [aws_security_group.balancer.id]
  subnets                    = var.subnet_ids
  drop_invalid_header_fields = true
  enable_deletion_protection = var.is_protected

  dynamic "access_logs" {
    for_each = var.access_log_bucket[*]

    content {
      bucket  = access_logs.value
      prefix  = "registry"
      enabled = true
    }
  }
}

resource "aws_lb_target_group" "this" {
  name        = "${var.name}-registry"
  vpc_id      = var.vpc_id
  port        = local.port
  protocol    = "HTTP"
  target_type = "ip"

  deregistration_delay = 30

  health_check {
    path    = "/apis/registry/v3/system/info"
    matcher = "200"
  }
}

resource "aws_lb_listener" "this" {
  # checkov:skip=CKV_AWS_2:HTTP only where the environment has no certificate, inside the VPC, for four security groups
  # checkov:skip=CKV_AWS_103:as above; with a certificate the policy allows TLS 1.2 and 1.3 only
  load_balancer_arn = aws_lb.this.arn
  port              = local.listener_port
  protocol          = upper(local.scheme)
  ssl_policy        = var.tls == null ? null : "ELBSecurityPolicy-TLS13-1-2-2021-06"
  certificate_arn   = try(var.tls.certificate_arn, null)

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this.arn
  }
}

resource "aws_route53_record" "this" {
  count = var.tls == null ? 0 : 1

  zone_id = var.tls.zone_id
  name    = var.tls.host_name
  type    = "A"

  alias {
    name                   = aws_lb.this.dns_name
    zone_id                = aws_lb.this.zone_id
    evaluate_target_health = false
  }
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/${var.name}/registry"
  retention_in_days = 365
  kms_key_id        = var.logs_key_arn
}

resource "aws_ecs_cluster" "this" {
  name = var.name

  setting {
    name  = "containerInsights"
    value = "enabled"
  }
}

resource "aws_ecs_task_definition" "this" {
  family                   = "${var.name}-registry"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = 512
  memory                   = 1024
  execution_role_arn       = var.execution_role_arn
  task_role_arn            = var.task_role_arn

  volume {
    name = "tmp"
  }

  container_definitions = jsonencode([{
    name                   = "registry"
    image                  = "${aws_ecr_repository.this.repository_url}:${var.image_tag}"
    essential              = true
    readonlyRootFilesystem = true
    portMappings           = [{ containerPort = local.port, protocol = "tcp" }]
    mountPoints            = [{ sourceVolume = "tmp", containerPath = "/tmp", readOnly = false }]
    environment = [
      { name = "APICURIO_STORAGE_KIND", value = "sql" },
      { name = "APICURIO_STORAGE_SQL_KIND", value = "postgresql" },
      { name = "APICURIO_DATASOURCE_URL", value = local.jdbc_url },
      { name = "APICURIO_DATASOURCE_USERNAME", value = "registry" },
      { name = "QUARKUS_HTTP_PORT", value = tostring(local.port) },
    ]
    secrets = [{ name = "APICURIO_DATASOURCE_PASSWORD", valueFrom = var.postgres.secret_arn }]
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        "awslogs-group"         = aws_cloudwatch_log_group.this.name
        "awslogs-region"        = var.region
        "awslogs-stream-prefix" = "registry"
      }
    }
  }])
}

resource "aws_ecs_service" "this" {
  name            = "registry"
  cluster         = aws_ecs_cluster.this.id
  task_definition = aws_ecs_task_definition.this.arn
  desired_count   = var.task_count
  launch_type     = "FARGATE"

  network_configuration {
    subnets          = var.subnet_ids
    security_groups  = [var.security_group_id]
    assign_public_ip = false
  }

  load_balancer {
    target_group_arn = aws_lb_target_group.this.arn
    container_name   = "registry"
    container_port   = local.port
  }

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  depends_on = [aws_lb_listener.this]
}
