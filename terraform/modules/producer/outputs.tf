output "repository_url" {
  description = "URL of the repository of the platform's image."
  value       = aws_ecr_repository.this.repository_url
}

output "task_definition_arn" {
  description = "Task definition for `aws ecs run-task`: `replay`, `reset`, or an interactive shell."
  value       = aws_ecs_task_definition.this.arn
}

output "repository_arn" {
  description = "ARN of the repository of the platform's image."
  value       = aws_ecr_repository.this.arn
}

output "task_family" {
  description = "Family of the task definition, without the revision."
  value       = aws_ecs_task_definition.this.family
}
