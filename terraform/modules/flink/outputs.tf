output "application_name" {
  description = "The application, as MANAGED_FLINK_APPLICATION."
  value       = aws_kinesisanalyticsv2_application.this.name
}

output "application_arn" {
  description = "The application, as policies name it."
  value       = aws_kinesisanalyticsv2_application.this.arn
}

output "log_group_name" {
  description = "The job's log group."
  value       = aws_cloudwatch_log_group.this.name
}

output "log_stream_arn" {
  description = "The job's log stream, as MANAGED_FLINK_LOG_STREAM_ARN."
  value       = aws_cloudwatch_log_stream.this.arn
}
