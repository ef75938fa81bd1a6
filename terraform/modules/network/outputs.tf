output "vpc_id" {
  description = "ID of the VPC."
  value       = aws_vpc.this.id
}

output "cidr_block" {
  description = "CIDR block of the VPC."
  value       = aws_vpc.this.cidr_block
}

output "private_subnet_ids" {
  description = "IDs of the private subnets, one per availability zone, in the order of the zones' names."
  value       = local.subnet_ids
}

output "program_security_group_ids" {
  description = "ID of the security group of each program."
  value       = { for program, group in aws_security_group.program : program => group.id }
}

output "flow_log_group_arn" {
  description = "ARN of the log group of the flow log."
  value       = aws_cloudwatch_log_group.flow.arn
}
