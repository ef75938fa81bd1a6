output "role_arns" {
  description = "The role of each program."
  value       = { for program, role in aws_iam_role.this : program => role.arn }
}

output "emr_instance_profile_arn" {
  description = "The profile of EMR's machines, where there are any."
  value       = one(aws_iam_instance_profile.emr[*].arn)
}
