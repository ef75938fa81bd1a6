mock_provider "aws" {
  source = "./mocks"
}

variables {
  name       = "nyc-taxi-test"
  region     = "us-east-1"
  cidr_block = "10.9.0.0/16"
  account_id = "123456789012"

  readable_foreign_buckets = ["prod-us-east-1-starport-layer-bucket"]

  availability_zones = ["us-east-1a", "us-east-1b"]
  interface_services = ["kms", "sts"]
  programs           = { zone_fares = [443, 9098], backfill = [443] }
  logs_key_arn       = "arn:aws:kms:us-east-1:123456789012:key/logs"
  flow_log_role_arn  = "arn:aws:iam::123456789012:role/flow-log"
}

run "inside_and_watched" {
  module {
    source = "../../../terraform/modules/network"
  }

  assert {
    condition     = length(aws_subnet.private) == 2 && !anytrue([for subnet in aws_subnet.private : subnet.map_public_ip_on_launch])
    error_message = "a machine would get a public address"
  }

  assert {
    condition     = aws_subnet.private["us-east-1a"].cidr_block == "10.9.0.0/20" && aws_subnet.private["us-east-1b"].cidr_block == "10.9.16.0/20"
    error_message = "the subnets overlap, or are not where they were"
  }

  assert {
    condition     = length(aws_route_table.private.route) == 0
    error_message = "there is a route out of the VPC"
  }

  assert {
    condition     = toset([for endpoint in aws_vpc_endpoint.interface : endpoint.service_name]) == toset(["com.amazonaws.us-east-1.kms", "com.amazonaws.us-east-1.sts"])
    error_message = "not the services that were asked for"
  }

  assert {
    condition     = alltrue([for endpoint in aws_vpc_endpoint.interface : endpoint.private_dns_enabled])
    error_message = "the programs would ask the public address"
  }

  assert {
    condition     = toset(keys(aws_vpc_security_group_egress_rule.program)) == toset(["zone_fares-443", "zone_fares-9098", "backfill-443"])
    error_message = "not the ports that were asked for"
  }

  assert {
    condition     = alltrue([for rule in aws_vpc_security_group_egress_rule.program : rule.cidr_ipv4 == "10.9.0.0/16" && rule.from_port == rule.to_port])
    error_message = "a program may leave the VPC, or use a range of ports"
  }

  assert {
    condition     = aws_flow_log.this.traffic_type == "ALL" && aws_cloudwatch_log_group.flow.retention_in_days == 365
    error_message = "the flow log misses something"
  }
}

run "without_a_second_zone_endpoints_are_in_one" {
  module {
    source = "../../../terraform/modules/network"
  }

  variables {
    has_endpoints_in_every_zone = false
  }

  assert {
    condition     = alltrue([for endpoint in aws_vpc_endpoint.interface : length(endpoint.subnet_ids) == 1])
    error_message = "each zone is paid"
  }
}

run "one_zone_is_refused" {
  command = plan

  module {
    source = "../../../terraform/modules/network"
  }

  variables {
    availability_zones = ["us-east-1a"]
  }

  expect_failures = [var.availability_zones]
}

run "a_small_network_is_refused" {
  command = plan

  module {
    source = "../../../terraform/modules/network"
  }

  variables {
    cidr_block = "10.9.0.0/24"
  }

  expect_failures = [var.cidr_block]
}
