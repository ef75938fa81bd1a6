output "role_arns" {
  description = "Each role, as soon as it is there."
  value       = { for program, role in aws_iam_role.this : program => role.arn }
}

# Services that try a role out when they are made must find its rights there.
output "program_role_arns" {
  description = "Each role, when it has its rights."
  value       = { for program, role in aws_iam_role.this : program => role.arn }

  depends_on = [aws_iam_role_policy.this]
}

output "emr_instance_profile_arn" {
  description = "The profile of EMR's machines, where there are any."
  value       = one(aws_iam_instance_profile.emr[*].arn)
}
