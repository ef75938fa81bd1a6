resource "aws_emrserverless_application" "this" {
  name          = "${var.name}-backfill"
  release_label = var.release_label
  type          = "SPARK"
  # The archive of `make package` contains compiled wheels, built on the machine of the local stack.
  architecture = "X86_64"

  maximum_capacity {
    cpu    = "${var.maximum.vcpus} vCPU"
    memory = "${var.maximum.memory_gib} GB"
    disk   = "${var.maximum.disk_gib} GB"
  }

  auto_start_configuration {
    enabled = true
  }

  auto_stop_configuration {
    enabled              = true
    idle_timeout_minutes = var.idle_minutes
  }

  network_configuration {
    subnet_ids         = var.subnet_ids
    security_group_ids = [var.security_group_id]
  }
}

resource "aws_emr_security_configuration" "this" {
  count = var.on_ec2 == null ? 0 : 1

  name = "${var.name}-backfill"
  configuration = jsonencode({
    EncryptionConfiguration = {
      EnableAtRestEncryption    = true
      EnableInTransitEncryption = true
      AtRestEncryptionConfiguration = {
        S3EncryptionConfiguration = { EncryptionMode = "SSE-KMS", AwsKmsKey = var.on_ec2.data_key_arn }
        LocalDiskEncryptionConfiguration = {
          EncryptionKeyProviderType = "AwsKms"
          AwsKmsKey                 = var.on_ec2.data_key_arn
          EnableEbsEncryption       = true
        }
      }
      InTransitEncryptionConfiguration = {
        TLSCertificateConfiguration = { CertificateProviderType = "PEM", S3Object = var.on_ec2.certificates_s3_uri }
      }
    }
    InstanceMetadataServiceConfiguration = { MinimumInstanceMetadataServiceVersion = 2, HttpPutResponseHopLimit = 1 }
  })
}

# EMR adds the rules that it needs to these groups.
resource "aws_security_group" "cluster" {
  # checkov:skip=CKV2_AWS_5:the cluster below carries them; it is there by choice
  for_each = var.on_ec2 == null ? toset([]) : toset(["primary", "core", "service"])

  name                   = "${var.name}-emr-${each.key}"
  description            = "EMR on EC2: ${each.key}"
  vpc_id                 = var.on_ec2.vpc_id
  revoke_rules_on_delete = true

  tags = { Name = "${var.name}-emr-${each.key}" }
}

resource "aws_emr_cluster" "this" {
  # checkov:skip=CKV2_AWS_7:its groups have no rule of ours; EMR adds those between its own machines
  count = var.on_ec2 == null ? 0 : 1

  name                              = "${var.name}-backfill"
  release_label                     = var.release_label
  applications                      = ["Spark"]
  service_role                      = var.on_ec2.service_role_arn
  security_configuration            = aws_emr_security_configuration.this[0].name
  log_uri                           = var.on_ec2.log_uri
  termination_protection            = false
  keep_job_flow_alive_when_no_steps = true
  ebs_root_volume_size              = 32

  auto_termination_policy {
    idle_timeout = var.idle_minutes * 60
  }

  ec2_attributes {
    instance_profile                  = var.on_ec2.instance_profile_arn
    subnet_id                         = var.subnet_ids[0]
    emr_managed_master_security_group = aws_security_group.cluster["primary"].id
    emr_managed_slave_security_group  = aws_security_group.cluster["core"].id
    service_access_security_group     = aws_security_group.cluster["service"].id
    additional_slave_security_groups  = var.security_group_id
    additional_master_security_groups = var.security_group_id
  }

  master_instance_group {
    instance_type = var.on_ec2.instance_type
  }

  core_instance_group {
    instance_type  = var.on_ec2.instance_type
    instance_count = var.on_ec2.core_count
  }
}
