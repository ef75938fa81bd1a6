output "host" {
  description = "The database's host."
  value       = aws_db_instance.this.address
}

output "port" {
  description = "The database's port."
  value       = local.port
}

output "database" {
  description = "The database's name."
  value       = local.database
}

output "identifier" {
  description = "The instance's name, a dimension of its metrics."
  value       = aws_db_instance.this.identifier
}

output "dsns" {
  description = "The address of the database for each role, as POSTGRES_DSN, without the password."
  value = {
    for role, secret in aws_secretsmanager_secret.role :
    role => "postgresql://${role}@${aws_db_instance.this.address}:${local.port}/${local.database}?sslmode=require"
  }
}

output "role_secret_arns" {
  description = "Where the password of each database role lies."
  value       = { for role, secret in aws_secretsmanager_secret.role : role => secret.arn }
}

output "owner_secret_arn" {
  description = "Where RDS keeps the owner's password, for making roles and tables."
  value       = one(aws_db_instance.this.master_user_secret[*].secret_arn)
}
