mock_provider "aws" {
  source = "./mocks"
}

variables {
  name                      = "nyc-taxi-test"
  region                    = "us-east-1"
  vpc_id                    = "vpc-1"
  subnet_ids                = ["subnet-1", "subnet-2"]
  client_security_group_ids = { producer = "sg-producer" }
  security_group_id         = "sg-registry"
  execution_role_arn        = "arn:aws:iam::123456789012:role/task-start"
  task_role_arn             = "arn:aws:iam::123456789012:role/registry"
  postgres                  = { host = "db.example", port = 5432, database = "taxi", secret_arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:registry" }
  data_key_arn              = "arn:aws:kms:us-east-1:123456789012:key/data"
  logs_key_arn              = "arn:aws:kms:us-east-1:123456789012:key/logs"
}

run "schemas_are_served_inside" {
  module {
    source = "../../../terraform/modules/registry"
  }

  assert {
    condition     = aws_lb.this.internal && !aws_ecs_service.this.network_configuration[0].assign_public_ip
    error_message = "the registry has a public address"
  }

  assert {
    condition     = { for program, rule in aws_vpc_security_group_ingress_rule.balancer : program => rule.referenced_security_group_id } == { producer = "sg-producer" }
    error_message = "somebody else may ask"
  }

  assert {
    condition     = output.url == "http://internal-mock.example/apis/ccompat/v7"
    error_message = "the producer would ask another API"
  }

  assert {
    condition     = jsondecode(aws_ecs_task_definition.this.container_definitions)[0].secrets == [{ name = "APICURIO_DATASOURCE_PASSWORD", valueFrom = var.postgres.secret_arn }]
    error_message = "the registry has no password, or one in its definition"
  }

  assert {
    condition     = jsondecode(aws_ecs_task_definition.this.container_definitions)[0].readonlyRootFilesystem
    error_message = "the image can be changed while it runs"
  }
}

run "with_a_certificate_it_speaks_https" {
  module {
    source = "../../../terraform/modules/registry"
  }

  variables {
    tls = { certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/0f0f", host_name = "registry.example", zone_id = "Z1" }
  }

  assert {
    condition     = aws_lb_listener.this.protocol == "HTTPS" && aws_lb_listener.this.port == 443 && strcontains(aws_lb_listener.this.ssl_policy, "TLS13-1-2")
    error_message = "the certificate is not used"
  }

  assert {
    condition     = output.url == "https://registry.example/apis/ccompat/v7" && aws_route53_record.this[0].name == "registry.example"
    error_message = "the address does not match the certificate"
  }
}
