locals {
  # An ARN of MSK ends in name/uuid, and so do those of its topics and groups.
  cluster_arn  = one(concat(aws_msk_cluster.this[*].arn, aws_msk_serverless_cluster.this[*].arn))
  resource_arn = { for kind in ["topic", "group", "transactional-id"] : kind => replace(local.cluster_arn, ":cluster/", ":${kind}/") }
}

output "cluster_arn" {
  description = "The cluster."
  value       = local.cluster_arn
}

output "cluster_name" {
  description = "The cluster's name, a dimension of its metrics."
  value       = var.name
}

output "resource_arns" {
  description = "What the ARNs of the cluster's topics, groups and transactional-ids begin with, without the slash."
  value       = local.resource_arn
}

output "bootstrap_servers" {
  description = "The brokers for clients with IAM, as KAFKA_BOOTSTRAP_SERVERS."
  value = one(concat(
    aws_msk_cluster.this[*].bootstrap_brokers_sasl_iam,
    aws_msk_serverless_cluster.this[*].bootstrap_brokers_sasl_iam,
  ))
}

output "security_group_id" {
  description = "The brokers' security group."
  value       = aws_security_group.this.id
}
