output "url" {
  description = "Airflow's page, reached from inside the VPC only, as AIRFLOW_URL."
  value       = "https://${aws_mwaa_environment.this.webserver_url}"
}

output "arn" {
  description = "The environment."
  value       = aws_mwaa_environment.this.arn
}

output "environment_name" {
  description = "The environment's name, a dimension of its metrics."
  value       = aws_mwaa_environment.this.name
}
