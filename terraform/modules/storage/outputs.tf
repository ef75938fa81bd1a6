output "bucket_names" {
  description = "The names of the buckets: raw, processed, artifacts, checkpoints."
  value       = { for purpose, bucket in aws_s3_bucket.this : purpose => bucket.id }
}

output "bucket_arns" {
  description = "The buckets as policies name them."
  value       = { for purpose, bucket in aws_s3_bucket.this : purpose => bucket.arn }
}

output "raw_data" {
  description = "Where months of the TLC lie, as RAW_DATA."
  value       = "s3://${aws_s3_bucket.this["raw"].id}/raw-data"
}

output "processed_data" {
  description = "Where the Spark backfill writes and dbt reads, as PROCESSED_DATA."
  value       = "s3://${aws_s3_bucket.this["processed"].id}/processed-data"
}
