resource "aws_db_subnet_group" "main" {
  name       = local.name
  subnet_ids = module.network.private_subnets
}

resource "aws_db_parameter_group" "main" {
  name   = "${local.name}-postgres15"
  family = "postgres15"
  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }
  parameter {
    name  = "log_min_duration_statement"
    value = "1000"
  }
}

resource "aws_db_instance" "main" {
  identifier     = local.name
  engine         = "postgres"
  engine_version = "15"
  instance_class = var.database_class

  # The account's own name is master here; only a snapshot brings another one.
  db_name             = var.database_snapshot == null ? "brainbytes" : null
  username            = var.database_snapshot == null ? "brainbytes" : null
  password_wo         = ephemeral.aws_ssm_parameter.database_password.value
  password_wo_version = var.secret_version
  snapshot_identifier = var.database_snapshot

  allocated_storage     = var.database_storage
  max_allocated_storage = 4 * var.database_storage
  storage_type          = "gp3"
  storage_encrypted     = true
  kms_key_id            = aws_kms_key.main.arn

  multi_az               = var.database_multi_az
  db_subnet_group_name   = aws_db_subnet_group.main.name
  vpc_security_group_ids = [aws_security_group.database.id]
  publicly_accessible    = false
  parameter_group_name   = aws_db_parameter_group.main.name
  ca_cert_identifier     = "rds-ca-rsa2048-g1"

  backup_retention_period   = var.database_backup_days
  backup_window             = "03:00-03:30"
  maintenance_window        = "sun:04:00-sun:04:30"
  copy_tags_to_snapshot     = true
  delete_automated_backups  = !var.deletion_protection
  deletion_protection       = var.deletion_protection
  skip_final_snapshot       = !var.deletion_protection
  final_snapshot_identifier = "${local.name}-final"

  auto_minor_version_upgrade      = true
  enabled_cloudwatch_logs_exports = ["postgresql", "upgrade"]

  performance_insights_enabled          = true
  performance_insights_kms_key_id       = aws_kms_key.main.arn
  performance_insights_retention_period = 7
}

resource "aws_db_subnet_group" "copy" {
  provider   = aws.secondary
  count      = local.secondary
  name       = "${local.name}-copy"
  subnet_ids = module.network_copy[0].private_subnets
}

resource "aws_security_group" "database_copy" {
  provider    = aws.secondary
  count       = local.secondary
  name        = "${local.name}-database-copy"
  description = "The copy of the database: nobody, until it is needed"
  vpc_id      = module.network_copy[0].vpc_id
}

resource "aws_db_parameter_group" "copy" {
  provider = aws.secondary
  count    = local.secondary
  name     = "${local.name}-postgres15-copy"
  family   = "postgres15"
  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }
}

resource "aws_db_instance" "copy" {
  provider            = aws.secondary
  count               = local.secondary
  identifier          = "${local.name}-copy"
  replicate_source_db = aws_db_instance.main.arn
  instance_class      = var.database_class

  max_allocated_storage = 4 * var.database_storage
  storage_type          = "gp3"
  storage_encrypted     = true
  kms_key_id            = aws_kms_key.copy[0].arn

  db_subnet_group_name   = aws_db_subnet_group.copy[0].name
  vpc_security_group_ids = [aws_security_group.database_copy[0].id]
  publicly_accessible    = false
  parameter_group_name   = aws_db_parameter_group.copy[0].name
  ca_cert_identifier     = "rds-ca-rsa2048-g1"

  backup_retention_period    = var.database_backup_days
  copy_tags_to_snapshot      = true
  deletion_protection        = var.deletion_protection
  skip_final_snapshot        = true
  auto_minor_version_upgrade = true

  enabled_cloudwatch_logs_exports = ["postgresql", "upgrade"]

  performance_insights_enabled          = true
  performance_insights_kms_key_id       = aws_kms_key.copy[0].arn
  performance_insights_retention_period = 7
}
