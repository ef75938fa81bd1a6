resource "aws_kms_key" "this" {
  description         = "for ever"
  enable_key_rotation = false
}
