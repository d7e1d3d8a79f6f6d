output "address" {
  description = "Where the balancer is: the domain is a CNAME of it."
  value       = aws_lb.main.dns_name
}

output "certificate_records" {
  description = "Records that prove the domain to be yours, before the certificate is issued."
  value = [for option in aws_acm_certificate.site.domain_validation_options :
    { name = option.resource_record_name, type = option.resource_record_type, value = option.resource_record_value }
  ]
}

output "image_repository" {
  description = "Where images are pushed to."
  value       = aws_ecr_repository.image.repository_url
}

output "parameters" {
  description = "What is written into the Parameter Store by hand."
  value       = [for parameter in aws_ssm_parameter.given : parameter.name]
}

output "backup_user" {
  description = "Whose key the program makes backups with."
  value       = aws_iam_user.backup.name
}

output "backup_buckets" {
  description = "Where backups are, and where their copies are."
  value       = concat([module.backups.id], module.backups_copy[*].id)
}

output "backup_keys" {
  description = "What backups and their copies are encrypted with: for restore_from of another account."
  value       = concat([aws_kms_key.main.arn], aws_kms_key.copy[*].arn)
}

output "database" {
  description = "Address of the database, and of its copy."
  value       = concat([aws_db_instance.main.endpoint], aws_db_instance.copy[*].endpoint)
}

output "release_role" {
  description = "Role that the repository's workflows take."
  value       = one(aws_iam_role.release[*].arn)
}

output "network" {
  description = "Where a task runs, for deploy/aws/release."
  value       = { subnets = module.network.private_subnets, groups = [aws_security_group.task.id] }
}
