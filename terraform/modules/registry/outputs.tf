output "url" {
  description = "URL of the registry's Confluent API; SCHEMA_REGISTRY_URL."
  value       = "${local.scheme}://${try(var.tls.host_name, aws_lb.this.dns_name)}/apis/ccompat/v7"
}

output "listener_port" {
  description = "Port of the registry."
  value       = local.listener_port
}

output "repository_url" {
  description = "URL of the repository of Apicurio's image."
  value       = aws_ecr_repository.this.repository_url
}

output "cluster_arn" {
  description = "ARN of the ECS cluster, which also runs one-off tasks."
  value       = aws_ecs_cluster.this.arn
}

output "cluster_name" {
  description = "Name of the ECS cluster."
  value       = aws_ecs_cluster.this.name
}

output "service_name" {
  description = "Name of the ECS service, a dimension of its metrics."
  value       = aws_ecs_service.this.name
}

output "repository_arn" {
  description = "ARN of the repository of Apicurio's image."
  value       = aws_ecr_repository.this.arn
}
