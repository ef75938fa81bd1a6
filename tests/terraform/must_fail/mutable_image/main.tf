resource "aws_ecr_repository" "this" {
  name                 = "taxi"
  image_tag_mutability = "MUTABLE"
}
