# Values that other resources check the shape of. Everything else is made up by Terraform.
mock_data "aws_iam_policy_document" {
  defaults = { json = "{\"Version\":\"2012-10-17\",\"Statement\":[]}" }
}

mock_resource "aws_kms_key" {
  defaults = { arn = "arn:aws:kms:us-east-1:123456789012:key/mock" }
}

mock_resource "aws_iam_role" {
  defaults = { arn = "arn:aws:iam::123456789012:role/mock" }
}

mock_resource "aws_s3_bucket" {
  defaults = { arn = "arn:aws:s3:::mock" }
}

mock_resource "aws_cloudwatch_log_group" {
  defaults = { arn = "arn:aws:logs:us-east-1:123456789012:log-group:mock" }
}

mock_resource "aws_cloudwatch_log_stream" {
  defaults = { arn = "arn:aws:logs:us-east-1:123456789012:log-group:mock:log-stream:application" }
}

mock_resource "aws_msk_configuration" {
  defaults = { arn = "arn:aws:kafka:us-east-1:123456789012:configuration/mock/1", latest_revision = 1 }
}

mock_resource "aws_msk_cluster" {
  defaults = {
    arn                        = "arn:aws:kafka:us-east-1:123456789012:cluster/nyc-taxi-test/0f0f"
    bootstrap_brokers_sasl_iam = "b-1.example:9098,b-2.example:9098"
  }
}

mock_resource "aws_msk_serverless_cluster" {
  defaults = {
    arn                        = "arn:aws:kafka:us-east-1:123456789012:cluster/nyc-taxi-test/0f0f-s1"
    bootstrap_brokers_sasl_iam = "boot.example:9098"
  }
}

mock_resource "aws_lb" {
  defaults = {
    arn      = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/mock/0f0f"
    dns_name = "internal-mock.example"
  }
}

mock_resource "aws_lb_target_group" {
  defaults = { arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/mock/0f0f" }
}

mock_resource "aws_ecs_cluster" {
  defaults = { arn = "arn:aws:ecs:us-east-1:123456789012:cluster/mock", id = "arn:aws:ecs:us-east-1:123456789012:cluster/mock" }
}

mock_resource "aws_ecs_task_definition" {
  defaults = { arn = "arn:aws:ecs:us-east-1:123456789012:task-definition/mock:1" }
}

mock_resource "aws_ecr_repository" {
  defaults = {
    arn            = "arn:aws:ecr:us-east-1:123456789012:repository/mock"
    repository_url = "123456789012.dkr.ecr.us-east-1.amazonaws.com/mock"
  }
}

mock_resource "aws_secretsmanager_secret" {
  defaults = { arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:mock" }
}

mock_resource "aws_sns_topic" {
  defaults = { arn = "arn:aws:sns:us-east-1:123456789012:mock" }
}

mock_resource "aws_db_instance" {
  defaults = { address = "db.example", arn = "arn:aws:rds:us-east-1:123456789012:db:mock" }
}

mock_resource "aws_emrserverless_application" {
  defaults = { id = "00f0f0", arn = "arn:aws:emr-serverless:us-east-1:123456789012:/applications/00f0f0" }
}

mock_resource "aws_kinesisanalyticsv2_application" {
  defaults = { arn = "arn:aws:kinesisanalytics:us-east-1:123456789012:application/mock" }
}

mock_resource "aws_mwaa_environment" {
  defaults = { webserver_url = "mock.airflow.example", arn = "arn:aws:airflow:us-east-1:123456789012:environment/mock" }
}

mock_resource "aws_vpc_endpoint" {
  defaults = { prefix_list_id = "pl-0f0f" }
}
