output "role_arns" {
  description = "ARN of each role, as soon as the role exists."
  value       = { for program, role in aws_iam_role.this : program => role.arn }
}

# Services that test a role at their creation need its permissions at that time.
output "program_role_arns" {
  description = "ARN of each role, after its permissions are attached."
  value       = { for program, role in aws_iam_role.this : program => role.arn }

  depends_on = [aws_iam_role_policy.this]
}

output "emr_instance_profile_arn" {
  description = "ARN of the instance profile of the EMR cluster; null if there is none."
  value       = one(aws_iam_instance_profile.emr[*].arn)
}
