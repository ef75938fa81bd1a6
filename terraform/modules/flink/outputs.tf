output "application_name" {
  description = "Name of the application; MANAGED_FLINK_APPLICATION."
  value       = aws_kinesisanalyticsv2_application.this.name
}

output "application_arn" {
  description = "ARN of the application."
  value       = aws_kinesisanalyticsv2_application.this.arn
}

output "log_group_name" {
  description = "Name of the job's log group."
  value       = aws_cloudwatch_log_group.this.name
}

output "log_stream_arn" {
  description = "ARN of the job's log stream; MANAGED_FLINK_LOG_STREAM_ARN."
  value       = aws_cloudwatch_log_stream.this.arn
}
