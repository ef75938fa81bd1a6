mock_provider "aws" {
  source = "./mocks"
}

variables {
  name               = "nyc-taxi-test"
  region             = "us-east-1"
  image_tag          = "r1"
  execution_role_arn = "arn:aws:iam::123456789012:role/task-start"
  task_role_arn      = "arn:aws:iam::123456789012:role/producer"
  settings           = { TRIPS_TOPIC = "trips" }
  secret_settings    = { SIGNATURE = "arn:aws:secretsmanager:us-east-1:123456789012:secret:something" }
  data_key_arn       = "arn:aws:kms:us-east-1:123456789012:key/data"
  logs_key_arn       = "arn:aws:kms:us-east-1:123456789012:key/logs"
}

run "the_task_is_fixed_and_knows_no_password" {
  module {
    source = "../../../terraform/modules/producer"
  }

  assert {
    condition     = contains(jsondecode(aws_ecs_task_definition.this.container_definitions)[0].environment, { name = "TRIPS_TOPIC", value = "trips" })
    error_message = "a setting is lost"
  }

  assert {
    condition     = jsondecode(aws_ecs_task_definition.this.container_definitions)[0].secrets == [{ name = "SIGNATURE", valueFrom = var.secret_settings["SIGNATURE"] }]
    error_message = "the password is not fetched from its secret"
  }

  assert {
    condition     = aws_ecr_repository.this.image_tag_mutability == "IMMUTABLE" && aws_ecr_repository.this.image_scanning_configuration[0].scan_on_push
    error_message = "a tag may mean something else tomorrow"
  }
}
