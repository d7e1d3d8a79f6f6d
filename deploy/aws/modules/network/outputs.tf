output "vpc_id" {
  description = "The network."
  value       = aws_vpc.this.id
}

output "private_subnets" {
  description = "Subnets without a way in from the internet."
  value       = aws_subnet.private[*].id
}

output "public_subnets" {
  description = "Subnets for what is reached from the internet."
  value       = aws_subnet.public[*].id
}
