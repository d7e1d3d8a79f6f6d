locals {
  name = "brainbytes-${var.stage}"
  # IAM knows no regions: a second installation of the account needs other names.
  global_name = "${local.name}-${var.primary_region}"
  port        = 3000
  user        = 10001
  tags        = { Project = "brainbytes", Stage = var.stage }
  secondary   = var.copy ? 1 : 0

  # Written out, not taken from resources, so that a plan shows whole policies.
  primary_arn       = "${var.primary_region}:${var.account}"
  repository_arn    = "arn:aws:ecr:${local.primary_arn}:repository/${local.name}"
  repository_url    = "${var.account}.dkr.ecr.${var.primary_region}.amazonaws.com/${local.name}"
  parameter_arn     = "arn:aws:ssm:${local.primary_arn}:parameter${local.parameter_prefix}"
  log_group         = "/brainbytes/${var.stage}"
  lock_arn          = "arn:aws:ssm:${local.primary_arn}:parameter/brainbytes/${var.stage}/deploy-lock"
  backup_bucket     = "${local.name}-backups-${var.account}-${var.primary_region}"
  backup_copy       = "${local.name}-backups-copy-${var.account}-${var.secondary_region}"
  balancer_bucket   = "${local.name}-balancer-${var.account}-${var.primary_region}"
  trail_bucket      = "${local.name}-trail-${var.account}-${var.primary_region}"
  trail_arn         = "arn:aws:cloudtrail:${local.primary_arn}:trail/${local.name}"
  parameter_prefix  = "/${replace(local.name, "-", "/")}"
  backup_user       = "${local.global_name}-backup"
  alarm_topic       = "${local.name}-alarms"
  task_role         = "${local.global_name}-task"
  execution_role    = "${local.global_name}-execution"
  cluster_arn       = "arn:aws:ecs:${local.primary_arn}:cluster/${local.name}"
  service_arn       = "arn:aws:ecs:${local.primary_arn}:service/${local.name}/${local.name}"
  task_family_arn   = "arn:aws:ecs:${local.primary_arn}:task-definition/${local.name}:*"
  role_arn_prefix   = "arn:aws:iam::${var.account}:role"
  github_issuer     = "token.actions.githubusercontent.com"
  github_issuer_arn = "arn:aws:iam::${var.account}:oidc-provider/${local.github_issuer}"
}
