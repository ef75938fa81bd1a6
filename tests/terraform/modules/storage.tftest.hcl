mock_provider "aws" {
  source = "./mocks"
}

variables {
  name         = "nyc-taxi-test"
  account_id   = "123456789012"
  data_key_arn = "arn:aws:kms:us-east-1:123456789012:key/data"
}

run "buckets_are_closed_and_forget_nothing" {
  module {
    source = "../../../terraform/modules/storage"
  }

  assert {
    condition     = toset(keys(aws_s3_bucket.this)) == toset(["raw", "processed", "artifacts", "checkpoints"])
    error_message = "not the four buckets"
  }

  assert {
    condition     = alltrue([for one in concat(values(aws_s3_bucket_versioning.this), [aws_s3_bucket_versioning.logs]) : one.versioning_configuration[0].status == "Enabled"])
    error_message = "a bucket forgets what it held"
  }

  assert {
    condition = alltrue(flatten([
      for one in aws_s3_bucket_server_side_encryption_configuration.this : [
        for rule in one.rule : [for how in rule.apply_server_side_encryption_by_default : how.kms_master_key_id == var.data_key_arn]
      ]
    ]))
    error_message = "a bucket is not encrypted with our key"
  }

  assert {
    condition = alltrue([
      for one in concat(values(aws_s3_bucket_public_access_block.this), [aws_s3_bucket_public_access_block.logs]) :
      one.block_public_acls && one.block_public_policy && one.ignore_public_acls && one.restrict_public_buckets
    ])
    error_message = "a bucket can be opened to the public"
  }

  assert {
    condition     = toset(keys(aws_s3_bucket_policy.this)) == toset(keys(aws_s3_bucket.this))
    error_message = "a bucket has no policy"
  }

  assert {
    condition = alltrue([
      for one in aws_s3_bucket_lifecycle_configuration.this : anytrue(flatten([
        for rule in one.rule : [for abort in rule.abort_incomplete_multipart_upload : rule.status == "Enabled" && abort.days_after_initiation == 7]
      ]))
    ])
    error_message = "an upload that was begun is paid for ever"
  }

  assert {
    condition = toset([
      for purpose, one in aws_s3_bucket_lifecycle_configuration.this : purpose
      if anytrue([for rule in one.rule : rule.id == "rarely-read" && rule.status == "Enabled"])
    ]) == toset(["raw"])
    error_message = "checkpoints or marts would be kept where reading is paid"
  }

  assert {
    condition     = !anytrue([for bucket in aws_s3_bucket.this : bucket.force_destroy])
    error_message = "terraform destroy would take the months with it"
  }

  assert {
    condition     = startswith(output.raw_data, "s3://") && endswith(output.raw_data, "/raw-data") && endswith(output.processed_data, "/processed-data")
    error_message = "a program would not find its data"
  }
}

run "an_early_move_is_refused" {
  command = plan

  module {
    source = "../../../terraform/modules/storage"
  }

  variables {
    raw_days_until_infrequent_access = 7
  }

  expect_failures = [var.raw_days_until_infrequent_access]
}
