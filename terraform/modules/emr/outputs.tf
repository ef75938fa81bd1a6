output "application_id" {
  description = "The serverless application, as EMR_SERVERLESS_APPLICATION_ID."
  value       = aws_emrserverless_application.this.id
}

output "application_arn" {
  description = "The serverless application, as policies name it."
  value       = aws_emrserverless_application.this.arn
}

output "cluster_id" {
  description = "The cluster on EC2, where there is one."
  value       = one(aws_emr_cluster.this[*].id)
}
