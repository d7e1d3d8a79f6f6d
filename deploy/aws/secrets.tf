# Values are write-only: neither state nor plan holds one. A parameter keeps its value until its version is raised.

ephemeral "aws_secretsmanager_random_password" "made" {
  password_length     = 48
  exclude_punctuation = true
}

resource "aws_ssm_parameter" "database_password" {
  name             = "${local.parameter_prefix}/DATABASE_PASSWORD"
  description      = "Of the account brainbytes in the database"
  type             = "SecureString"
  key_id           = aws_kms_key.main.arn
  value_wo         = ephemeral.aws_secretsmanager_random_password.made.random_password
  value_wo_version = var.secret_version
}

# Read back, so that an apply that was broken off goes on with the same password.
ephemeral "aws_ssm_parameter" "database_password" {
  arn = aws_ssm_parameter.database_password.arn
}

resource "aws_ssm_parameter" "database_url" {
  name        = "${local.parameter_prefix}/DATABASE_URL"
  description = "Where the database is"
  type        = "SecureString"
  key_id      = aws_kms_key.main.arn
  value_wo = join("", [
    "postgresql://${coalesce(aws_db_instance.main.username, "brainbytes")}",
    ":${ephemeral.aws_ssm_parameter.database_password.value}",
    "@${aws_db_instance.main.endpoint}/brainbytes",
    "?target_session_attrs=read-write&sslmode=verify-full&sslrootcert=/etc/brainbytes/database-authorities.pem",
  ])
  value_wo_version = var.secret_version
}

# Once made never made again: what is stored sealed is sealed with it.
ephemeral "aws_secretsmanager_random_password" "once" {
  for_each            = toset(["BRAINBYTES_SECRET", "METRICS_TOKEN"])
  password_length     = 64
  exclude_punctuation = true
}

resource "aws_ssm_parameter" "once" {
  for_each         = toset(["BRAINBYTES_SECRET", "METRICS_TOKEN"])
  name             = "${local.parameter_prefix}/${each.key}"
  description      = "Option ${each.key} of the program"
  type             = "SecureString"
  key_id           = aws_kms_key.main.arn
  value_wo         = ephemeral.aws_secretsmanager_random_password.once[each.key].random_password
  value_wo_version = 1
}

resource "aws_ssm_parameter" "given" {
  for_each         = var.given_secrets
  name             = "${local.parameter_prefix}/${each.key}"
  description      = "Option ${each.key} of the program, written by hand"
  type             = "SecureString"
  key_id           = aws_kms_key.main.arn
  value_wo         = "not-written-yet"
  value_wo_version = 1
}

locals {
  task_secrets = concat(["DATABASE_URL", "BRAINBYTES_SECRET", "METRICS_TOKEN"], tolist(var.given_secrets))
}
