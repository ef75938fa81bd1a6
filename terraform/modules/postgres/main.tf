locals {
  port     = 5432
  database = "taxi"
}

resource "aws_security_group" "this" {
  name        = "${var.name}-postgres"
  description = "The database"
  vpc_id      = var.vpc_id

  tags = { Name = "${var.name}-postgres" }
}

resource "aws_vpc_security_group_ingress_rule" "this" {
  for_each = var.client_security_group_ids

  security_group_id            = aws_security_group.this.id
  description                  = "${each.key}, by TLS"
  referenced_security_group_id = each.value
  from_port                    = local.port
  to_port                      = local.port
  ip_protocol                  = "tcp"
}

resource "aws_db_subnet_group" "this" {
  name       = var.name
  subnet_ids = var.subnet_ids
}

resource "aws_db_parameter_group" "this" {
  name_prefix = "${var.name}-"
  family      = "postgres${var.engine_version}"
  description = "TLS only, statements that change anything are logged"

  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }

  parameter {
    name  = "ssl_min_protocol_version"
    value = "TLSv1.2"
  }

  parameter {
    name  = "log_statement"
    value = "ddl"
  }

  parameter {
    name  = "log_min_duration_statement"
    value = "1000"
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_cloudwatch_log_group" "this" {
  for_each = toset(["postgresql", "upgrade"])

  name              = "/aws/rds/instance/${var.name}/${each.key}"
  retention_in_days = 365
  kms_key_id        = var.logs_key_arn
}

resource "aws_db_instance" "this" {
  # checkov:skip=CKV_AWS_157:Multi-AZ is a choice of the environment: prod has it, dev does not, for half the price
  # checkov:skip=CKV_AWS_293:deletion protection is a choice of the environment: prod has it, dev is meant to be destroyed
  identifier     = var.name
  engine         = "postgres"
  engine_version = var.engine_version
  instance_class = var.instance_class
  db_name        = local.database
  port           = local.port

  # RDS generates the owner's password, stores it in Secrets Manager and rotates it every week. No user needs to know it.
  username                      = "platform"
  manage_master_user_password   = true
  master_user_secret_kms_key_id = var.data_key_arn

  allocated_storage     = var.storage_gib
  max_allocated_storage = var.storage_limit_gib
  storage_type          = "gp3"
  storage_encrypted     = true
  kms_key_id            = var.data_key_arn

  publicly_accessible                 = false
  db_subnet_group_name                = aws_db_subnet_group.this.name
  vpc_security_group_ids              = [aws_security_group.this.id]
  parameter_group_name                = aws_db_parameter_group.this.name
  iam_database_authentication_enabled = true
  ca_cert_identifier                  = "rds-ca-rsa2048-g1"

  multi_az                   = var.is_multi_az
  backup_retention_period    = var.backup_days
  copy_tags_to_snapshot      = true
  deletion_protection        = var.is_protected
  skip_final_snapshot        = !var.is_protected
  final_snapshot_identifier  = var.is_protected ? "${var.name}-last" : null
  auto_minor_version_upgrade = true
  maintenance_window         = "tue:07:00-tue:08:00"
  backup_window              = "05:00-06:00"

  enabled_cloudwatch_logs_exports       = ["postgresql", "upgrade"]
  monitoring_interval                   = 60
  monitoring_role_arn                   = var.monitoring_role_arn
  performance_insights_enabled          = true
  performance_insights_kms_key_id       = var.data_key_arn
  performance_insights_retention_period = 7

  depends_on = [aws_cloudwatch_log_group.this]
}

# Intentionally empty: a password that Terraform sets would be in its state. README.md explains how to set each.
resource "aws_secretsmanager_secret" "role" {
  # checkov:skip=CKV2_AWS_57:a program reads its password at start; README.md explains how to change it without an outage
  for_each = var.database_roles

  name        = "${var.name}/postgres/${each.key}"
  description = "The password of the database role ${each.key}"
  kms_key_id  = var.data_key_arn

  # No recovery window: the name of a secret in it cannot be reused, and dev is destroyed and rebuilt.
  recovery_window_in_days = var.is_protected ? 30 : 0
}
