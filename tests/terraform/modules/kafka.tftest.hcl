mock_provider "aws" {
  source = "./mocks"
}

variables {
  name                      = "nyc-taxi-test"
  vpc_id                    = "vpc-1"
  subnet_ids                = ["subnet-1", "subnet-2", "subnet-3"]
  client_security_group_ids = { producer = "sg-producer", zone_fares = "sg-job" }
  data_key_arn              = "arn:aws:kms:us-east-1:123456789012:key/data"
  logs_key_arn              = "arn:aws:kms:us-east-1:123456789012:key/logs"
}

run "brokers_let_in_whom_they_know" {
  module {
    source = "../../../terraform/modules/kafka"
  }

  assert {
    condition     = aws_msk_cluster.this[0].encryption_info[0].encryption_in_transit[0].client_broker == "TLS"
    error_message = "plaintext is served"
  }

  assert {
    condition     = aws_msk_cluster.this[0].client_authentication[0].sasl[0].iam && !aws_msk_cluster.this[0].client_authentication[0].unauthenticated
    error_message = "somebody may come without a name"
  }

  assert {
    condition     = aws_msk_cluster.this[0].broker_node_group_info[0].connectivity_info[0].public_access[0].type == "DISABLED"
    error_message = "the brokers have public addresses"
  }

  assert {
    condition     = { for program, rule in aws_vpc_security_group_ingress_rule.this : program => rule.referenced_security_group_id } == { producer = "sg-producer", zone_fares = "sg-job" }
    error_message = "not the programs that were named"
  }

  assert {
    condition     = alltrue([for rule in aws_vpc_security_group_ingress_rule.this : rule.from_port == 9098 && rule.to_port == 9098])
    error_message = "another port than that of IAM is open"
  }

  assert {
    condition     = strcontains(aws_msk_configuration.this[0].server_properties, "log.retention.ms=-1\n")
    error_message = "replayed trips would be deleted at once"
  }

  assert {
    condition     = strcontains(aws_msk_configuration.this[0].server_properties, "num.partitions=2\n")
    error_message = "the job's subtasks would not share the partitions evenly"
  }

  assert {
    condition     = strcontains(aws_msk_configuration.this[0].server_properties, "auto.create.topics.enable=false\n")
    error_message = "a slip of the pen makes a topic"
  }

  assert {
    condition     = strcontains(aws_msk_configuration.this[0].server_properties, "default.replication.factor=3\nmin.insync.replicas=2\nunclean.leader.election.enable=false\n")
    error_message = "a lost broker loses trips"
  }

  assert {
    condition     = output.bootstrap_servers == "b-1.example:9098,b-2.example:9098"
    error_message = "programs get another address"
  }

  assert {
    condition     = output.resource_arns["topic"] == "arn:aws:kafka:us-east-1:123456789012:topic/nyc-taxi-test/0f0f"
    error_message = "policies would name no topic of this cluster"
  }
}

run "two_brokers_serve_dev" {
  module {
    source = "../../../terraform/modules/kafka"
  }

  variables {
    broker_count = 2
    subnet_ids   = ["subnet-1", "subnet-2"]
  }

  assert {
    condition     = strcontains(aws_msk_configuration.this[0].server_properties, "default.replication.factor=2\nmin.insync.replicas=1\n")
    error_message = "a restart of a broker would stop the writers"
  }
}

run "serverless_by_choice" {
  module {
    source = "../../../terraform/modules/kafka"
  }

  variables {
    mode = "serverless"
  }

  assert {
    condition     = length(aws_msk_cluster.this) == 0 && aws_msk_serverless_cluster.this[0].client_authentication[0].sasl[0].iam[0].enabled
    error_message = "not a serverless cluster with IAM alone"
  }

  assert {
    condition     = output.bootstrap_servers == "boot.example:9098"
    error_message = "programs get another address"
  }
}

run "another_mode_is_refused" {
  command = plan

  module {
    source = "../../../terraform/modules/kafka"
  }

  variables {
    mode = "express"
  }

  expect_failures = [var.mode]
}

run "one_broker_is_refused" {
  command = plan

  module {
    source = "../../../terraform/modules/kafka"
  }

  variables {
    broker_count = 1
  }

  expect_failures = [var.broker_count]
}

run "brokers_that_msk_does_not_have_are_refused" {
  command = plan

  module {
    source = "../../../terraform/modules/kafka"
  }

  variables {
    broker_instance_type = "kafka.t3.tiny"
    broker_count         = 4
    broker_volume_gib    = 600
  }

  expect_failures = [var.broker_instance_type, var.broker_count, var.broker_volume_gib]
}

run "more_than_the_brokers_carry_is_refused" {
  command = plan

  module {
    source = "../../../terraform/modules/kafka"
  }

  variables {
    broker_instance_type    = "kafka.t3.small"
    partitions              = 126
    broker_volume_limit_gib = 20000
  }

  expect_failures = [var.partitions, var.broker_volume_limit_gib]
}

run "bigger_brokers_carry_it" {
  command = plan

  module {
    source = "../../../terraform/modules/kafka"
  }

  variables {
    broker_instance_type = "kafka.m7g.large"
    partitions           = 126
  }

  assert {
    condition     = strcontains(aws_msk_configuration.this[0].server_properties, "num.partitions=126\n")
    error_message = "not the number that was given"
  }
}
