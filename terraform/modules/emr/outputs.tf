output "application_id" {
  description = "ID of the serverless application; EMR_SERVERLESS_APPLICATION_ID."
  value       = aws_emrserverless_application.this.id
}

output "application_arn" {
  description = "ARN of the serverless application."
  value       = aws_emrserverless_application.this.arn
}

output "cluster_id" {
  description = "ID of the cluster on EC2; null if there is none."
  value       = one(aws_emr_cluster.this[*].id)
}
