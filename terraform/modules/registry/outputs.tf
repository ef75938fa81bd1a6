output "url" {
  description = "The Confluent API of the registry, as SCHEMA_REGISTRY_URL."
  value       = "${local.scheme}://${try(var.tls.host_name, aws_lb.this.dns_name)}/apis/ccompat/v7"
}

output "listener_port" {
  description = "The port that programs reach the registry at."
  value       = local.listener_port
}

output "repository_url" {
  description = "Where the image of Apicurio is pushed to."
  value       = aws_ecr_repository.this.repository_url
}

output "cluster_arn" {
  description = "The ECS cluster, in which one-off tasks run too."
  value       = aws_ecs_cluster.this.arn
}

output "cluster_name" {
  description = "The ECS cluster's name."
  value       = aws_ecs_cluster.this.name
}

output "service_name" {
  description = "The ECS service, a dimension of its metrics."
  value       = aws_ecs_service.this.name
}

output "repository_arn" {
  description = "The repository of Apicurio's image, as policies name it."
  value       = aws_ecr_repository.this.arn
}
