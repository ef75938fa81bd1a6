mock_provider "aws" {
  source = "./mocks"
}

variables {
  name       = "nyc-taxi-test"
  account_id = "123456789012"
  region     = "us-east-1"
}

run "keys_are_kept" {
  module {
    source = "../../../terraform/modules/encryption"
  }

  assert {
    condition     = alltrue([for key in [aws_kms_key.data, aws_kms_key.logs] : key.enable_key_rotation && key.deletion_window_in_days == 30])
    error_message = "a key is never changed, or gone at once"
  }

  assert {
    condition     = aws_kms_alias.data.name == "alias/nyc-taxi-test-data" && aws_kms_alias.logs.name == "alias/nyc-taxi-test-logs"
    error_message = "nobody finds the keys"
  }
}
