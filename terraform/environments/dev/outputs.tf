output "settings" {
  description = "Settings of the programs, by environment variable."
  value       = module.platform.settings
}

output "operations" {
  description = "Names to use in commands: repositories, cluster, task, subnets, security groups, the database and its secrets, buckets, the alarm topic."
  value       = module.platform.operations
}
