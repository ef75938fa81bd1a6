resource "aws_db_instance" "this" {
  identifier          = "taxi"
  engine              = "postgres"
  instance_class      = "db.t4g.medium"
  allocated_storage   = 50
  username            = "platform"
  storage_encrypted   = false
  publicly_accessible = true
}
