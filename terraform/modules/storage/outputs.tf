output "bucket_names" {
  description = "Names of the buckets: raw, processed, artifacts, checkpoints."
  value       = { for purpose, bucket in aws_s3_bucket.this : purpose => bucket.id }
}

output "bucket_arns" {
  description = "ARNs of the buckets."
  value       = { for purpose, bucket in aws_s3_bucket.this : purpose => bucket.arn }
}

output "raw_data" {
  description = "S3 prefix of the TLC's months; RAW_DATA."
  value       = "s3://${aws_s3_bucket.this["raw"].id}/raw-data"
}

output "processed_data" {
  description = "S3 prefix that the Spark backfill writes and dbt reads; PROCESSED_DATA."
  value       = "s3://${aws_s3_bucket.this["processed"].id}/processed-data"
}
