variable "name" {
  description = "Name of the network."
  type        = string
}

variable "account" {
  description = "Number of the account."
  type        = string
}

variable "region" {
  description = "Region it is in."
  type        = string
}

variable "cidr" {
  description = "Its addresses, a /16."
  type        = string
}

variable "public" {
  description = "Whether it has subnets that reach, and are reached from, the internet."
  type        = bool
}

variable "gateways" {
  description = "NAT gateways: 2 survive the loss of a zone, 1 costs half."
  type        = number
  default     = 1
}

variable "key_arn" {
  description = "Key that flow logs are encrypted with."
  type        = string
}

variable "log_days" {
  description = "How long flow logs are kept."
  type        = number
}
