resource "aws_s3_bucket" "this" {
  bucket = "taxi-in-clear"
}
