output "repository_url" {
  description = "Where the platform's image is pushed to."
  value       = aws_ecr_repository.this.repository_url
}

output "task_definition_arn" {
  description = "What `aws ecs run-task` runs: `replay`, `reset`, a look around."
  value       = aws_ecs_task_definition.this.arn
}

output "repository_arn" {
  description = "The repository of the platform's image, as policies name it."
  value       = aws_ecr_repository.this.arn
}

output "task_family" {
  description = "The task's name, without its revision."
  value       = aws_ecs_task_definition.this.family
}
