variable "stage" {
  description = "Which installation: everything is named after it."
  type        = string
  validation {
    condition     = contains(["staging", "production"], var.stage)
    error_message = "The stage is staging or production."
  }
}

variable "account" {
  description = "Number of the AWS account; credentials of another one are refused."
  type        = string
  validation {
    condition     = can(regex("^[0-9]{12}$", var.account))
    error_message = "An account has twelve digits."
  }
}

variable "primary_region" {
  description = "Where it runs."
  type        = string
  default     = "us-east-1"
}

variable "secondary_region" {
  description = "Where the copies are."
  type        = string
  default     = "us-west-2"
  validation {
    condition     = var.secondary_region != var.primary_region
    error_message = "A copy in the same region is lost with it."
  }
}

variable "domain" {
  description = "Name under which people reach it."
  type        = string
}

variable "repository" {
  description = "OWNER/NAME on GitHub whose workflows may deploy; empty: none."
  type        = string
  default     = ""
}

variable "image_tag" {
  description = "Tag of the image of the first task; later ones are of deploy/aws/release."
  type        = string
  default     = "first"
}

variable "tasks" {
  description = "How many servers; 0: nothing runs."
  type        = number
  default     = 2
  validation {
    condition     = var.tasks >= 0 && var.tasks <= 10 && floor(var.tasks) == var.tasks
    error_message = "0 to 10 servers."
  }
}

variable "task_cpu" {
  description = "Of the task, in 1/1024 of a processor."
  type        = number
}

variable "task_memory" {
  description = "Of the task, in MiB."
  type        = number
}

variable "database_class" {
  description = "Size of the database."
  type        = string
}

variable "database_storage" {
  description = "GB of the database at first; it grows to four times that by itself."
  type        = number
  default     = 50
}

variable "database_multi_az" {
  description = "Whether a standby in another zone takes over."
  type        = bool
}

variable "database_backup_days" {
  description = "How far back any second of the database can be recovered."
  type        = number
  default     = 7
  validation {
    condition     = var.database_backup_days >= 7 && var.database_backup_days <= 35
    error_message = "7 to 35 days."
  }
}

variable "database_snapshot" {
  description = "Snapshot that a new database is made from; null: an empty one."
  type        = string
  default     = null
}

variable "deletion_protection" {
  description = "Whether database and balancer refuse to be deleted, and buckets with content."
  type        = bool
}

variable "copy" {
  description = "Whether database, files and backups are copied to the secondary region."
  type        = bool
}

variable "copy_files" {
  description = "Whether the copy has the uploaded files too (they are in the backups as well)."
  type        = bool
  default     = true
}

variable "backup_readers" {
  description = "Numbers of other accounts that may read the backups: the one for disaster recovery."
  type        = set(string)
  default     = []
}

variable "restore_from" {
  description = "Bucket of another account with backups to restore from, and the key they are encrypted with."
  type        = object({ bucket = string, key_arn = string })
  default     = null
}

variable "environment" {
  description = "Further options of the program that are no secrets, by name."
  type        = map(string)
  default     = {}
}

variable "given_secrets" {
  description = "Options that are secrets and whose values are written into the Parameter Store by hand."
  type        = set(string)
  default     = ["S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY"]
  validation {
    condition     = alltrue([for name in var.given_secrets : can(regex("^[A-Z][A-Z0-9_]+$", name))])
    error_message = "Names of options: bin/brainbytes config example."
  }
}

variable "secret_version" {
  description = "Raise it to have the password of the database made anew (then restart the task)."
  type        = number
  default     = 1
}

variable "proxy_networks" {
  description = "Networks of a proxy in front, such as Cloudflare's: only they reach the balancer. Empty: everybody."
  type        = list(string)
  default     = []
}

variable "mail_port" {
  description = "Port of the mail server, which the task may reach; 0: none."
  type        = number
  default     = 465
}

variable "request_limit" {
  description = "Requests of one address in five minutes; the firewall refuses more."
  type        = number
  default     = 3000
}

variable "log_days" {
  description = "How long logs are kept."
  type        = number
  default     = 90
}

variable "alarm_addresses" {
  description = "E-mail addresses that alarms go to."
  type        = set(string)
  default     = []
}

variable "github_provider" {
  description = "Whether the account's trust in GitHub is made here: by one stage of an account only."
  type        = bool
  default     = true
}

variable "trail" {
  description = "Whether the account's CloudTrail is made here: by one stage of an account only."
  type        = bool
  default     = true
}
