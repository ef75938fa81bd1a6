output "url" {
  description = "URL of Airflow, reachable only from inside the VPC; AIRFLOW_URL."
  value       = "https://${aws_mwaa_environment.this.webserver_url}"
}

output "arn" {
  description = "ARN of the environment."
  value       = aws_mwaa_environment.this.arn
}

output "environment_name" {
  description = "Name of the environment, a dimension of its metrics."
  value       = aws_mwaa_environment.this.name
}
