variable "name" {
  description = "Name of the bucket."
  type        = string
}

variable "key_arn" {
  description = "KMS key; null: S3's own keys, for what cannot write with another."
  type        = string
  default     = null
}

variable "former_days" {
  description = "How long what was overwritten or deleted can be brought back."
  type        = number
  default     = 30
}

variable "days" {
  description = "After how many days objects go; null: never."
  type        = number
  default     = null
}

variable "deletion_protection" {
  description = "Whether the bucket can only be deleted empty."
  type        = bool
}

variable "policies" {
  description = "Who else may do what, as policy documents."
  type        = list(string)
  default     = []
}
