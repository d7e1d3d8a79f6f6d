variable "name" {
  description = "Name of the bucket."
  type        = string
}

variable "own_key" {
  description = "Whether a key of our own is used; else S3's, for what cannot write with another."
  type        = bool
  default     = true
}

variable "key_arn" {
  description = "KMS key, where own_key is set."
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
