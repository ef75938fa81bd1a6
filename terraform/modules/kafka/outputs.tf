locals {
  # An ARN of MSK ends in name/uuid. The ARNs of its topics and groups contain the same name/uuid.
  cluster_arn  = one(concat(aws_msk_cluster.this[*].arn, aws_msk_serverless_cluster.this[*].arn))
  resource_arn = { for kind in ["topic", "group", "transactional-id"] : kind => replace(local.cluster_arn, ":cluster/", ":${kind}/") }
}

output "cluster_arn" {
  description = "ARN of the cluster."
  value       = local.cluster_arn
}

output "cluster_name" {
  description = "Name of the cluster, a dimension of its metrics."
  value       = var.name
}

output "resource_arns" {
  description = "Prefix of the ARNs of the cluster's topics, groups and transactional IDs, without the slash."
  value       = local.resource_arn
}

output "bootstrap_servers" {
  description = "Bootstrap servers for clients with IAM; KAFKA_BOOTSTRAP_SERVERS."
  value = one(concat(
    aws_msk_cluster.this[*].bootstrap_brokers_sasl_iam,
    aws_msk_serverless_cluster.this[*].bootstrap_brokers_sasl_iam,
  ))
}

output "security_group_id" {
  description = "ID of the brokers' security group."
  value       = aws_security_group.this.id
}
