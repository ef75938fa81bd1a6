output "data_key_arn" {
  description = "ARN of the KMS key of buckets, Kafka, Postgres, secrets and alarms."
  value       = aws_kms_key.data.arn
}

output "logs_key_arn" {
  description = "ARN of the KMS key of the log groups."
  value       = aws_kms_key.logs.arn
}
