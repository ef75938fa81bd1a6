mock_provider "aws" {
  source = "./mocks"
}

variables {
  name                      = "nyc-taxi-test"
  vpc_id                    = "vpc-1"
  subnet_ids                = ["subnet-1", "subnet-2"]
  client_security_group_ids = { zone_fares = "sg-job" }
  database_roles            = ["zone_fares", "dbt"]
  monitoring_role_arn       = "arn:aws:iam::123456789012:role/monitoring"
  data_key_arn              = "arn:aws:kms:us-east-1:123456789012:key/data"
  logs_key_arn              = "arn:aws:kms:us-east-1:123456789012:key/logs"
}

run "the_database_is_private_and_its_passwords_are_secret" {
  module {
    source = "../../../terraform/modules/postgres"
  }

  assert {
    condition     = !aws_db_instance.this.publicly_accessible && aws_db_instance.this.storage_encrypted && aws_db_instance.this.kms_key_id == var.data_key_arn
    error_message = "the database is public, or its disk can be read"
  }

  assert {
    condition     = { for program, rule in aws_vpc_security_group_ingress_rule.this : program => [rule.referenced_security_group_id, rule.from_port] } == { zone_fares = ["sg-job", 5432] }
    error_message = "somebody else may connect"
  }

  assert {
    condition     = contains([for parameter in aws_db_parameter_group.this.parameter : "${parameter.name}=${parameter.value}"], "rds.force_ssl=1")
    error_message = "a password could pass in clear text"
  }

  assert {
    condition     = alltrue([for dsn in output.dsns : endswith(dsn, "?sslmode=require")])
    error_message = "a program would try without TLS first"
  }

  assert {
    condition     = aws_db_instance.this.manage_master_user_password && aws_db_instance.this.password == null
    error_message = "the owner's password is in the state"
  }

  assert {
    condition     = output.dsns["zone_fares"] == "postgresql://zone_fares@db.example:5432/taxi?sslmode=require"
    error_message = "the address is another, or holds a password"
  }

  assert {
    condition     = toset(keys(aws_secretsmanager_secret.role)) == toset(["zone_fares", "dbt"])
    error_message = "a role has no secret of its own"
  }

  assert {
    condition     = aws_db_instance.this.deletion_protection && !aws_db_instance.this.skip_final_snapshot && aws_db_instance.this.multi_az
    error_message = "a slip of the hand, or a lost zone, loses the tables"
  }
}

run "dev_can_be_thrown_away" {
  module {
    source = "../../../terraform/modules/postgres"
  }

  variables {
    is_protected = false
    is_multi_az  = false
  }

  assert {
    condition     = !aws_db_instance.this.deletion_protection && aws_db_instance.this.skip_final_snapshot
    error_message = "terraform destroy would stop here"
  }
}

run "no_backup_is_refused" {
  command = plan

  module {
    source = "../../../terraform/modules/postgres"
  }

  variables {
    backup_days = 0
  }

  expect_failures = [var.backup_days]
}

run "a_limit_without_room_to_grow_is_refused" {
  command = plan

  module {
    source = "../../../terraform/modules/postgres"
  }

  variables {
    storage_gib       = 500
    storage_limit_gib = 510
  }

  expect_failures = [var.storage_limit_gib]
}
