terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }

  # The bucket is named at `terraform init -backend-config=bucket=…`: its name is unique in the world, and yours.
  backend "s3" {
    key          = "nyc-taxi/prod/terraform.tfstate"
    encrypt      = true
    use_lockfile = true
  }
}

provider "aws" {
  region = var.region
  # With credentials of another account nothing is read or changed.
  allowed_account_ids = [var.account_id]

  default_tags {
    tags = { project = "nyc-taxi", environment = "prod" }
  }
}
