output "host" {
  description = "Host of the database."
  value       = aws_db_instance.this.address
}

output "port" {
  description = "Port of the database."
  value       = local.port
}

output "database" {
  description = "Name of the database."
  value       = local.database
}

output "identifier" {
  description = "Identifier of the instance, a dimension of its metrics."
  value       = aws_db_instance.this.identifier
}

output "dsns" {
  description = "DSN of the database for each role, without the password; POSTGRES_DSN."
  value = {
    for role, secret in aws_secretsmanager_secret.role :
    role => "postgresql://${role}@${aws_db_instance.this.address}:${local.port}/${local.database}?sslmode=require"
  }
}

output "role_secret_arns" {
  description = "ARN of the secret with the password of each database role."
  value       = { for role, secret in aws_secretsmanager_secret.role : role => secret.arn }
}

output "owner_secret_arn" {
  description = "ARN of the secret with the owner's password, for creating roles and tables."
  value       = one(aws_db_instance.this.master_user_secret[*].secret_arn)
}
