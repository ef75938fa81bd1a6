terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }

  # Set the bucket with `terraform init -backend-config=bucket=…`: bucket names are globally unique.
  backend "s3" {
    key          = "nyc-taxi/dev/terraform.tfstate"
    encrypt      = true
    use_lockfile = true
  }
}

provider "aws" {
  region = var.region
  # Credentials of another account can neither read nor change anything.
  allowed_account_ids = [var.account_id]

  default_tags {
    tags = { project = "nyc-taxi", environment = "dev" }
  }
}
