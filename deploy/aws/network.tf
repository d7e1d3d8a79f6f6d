module "network" {
  source   = "./modules/network"
  name     = local.name
  account  = var.account
  region   = var.primary_region
  cidr     = "10.20.0.0/16"
  public   = true
  gateways = var.database_multi_az ? 2 : 1
  key_arn  = aws_kms_key.main.arn
  log_days = var.log_days
}

module "network_copy" {
  count     = local.secondary
  source    = "./modules/network"
  providers = { aws = aws.secondary }
  name      = "${local.name}-copy"
  account   = var.account
  region    = var.secondary_region
  cidr      = "10.21.0.0/16"
  public    = false
  key_arn   = aws_kms_key.copy[0].arn
  log_days  = var.log_days
}
