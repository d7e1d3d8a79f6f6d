data "aws_iam_policy_document" "trail" {
  statement {
    sid       = "TrailLooks"
    actions   = ["s3:GetBucketAcl"]
    resources = ["arn:aws:s3:::${local.trail_bucket}"]
    principals {
      type        = "Service"
      identifiers = ["cloudtrail.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceArn"
      values   = [local.trail_arn]
    }
  }
  statement {
    sid       = "TrailWrites"
    actions   = ["s3:PutObject"]
    resources = ["arn:aws:s3:::${local.trail_bucket}/AWSLogs/${var.account}/*"]
    principals {
      type        = "Service"
      identifiers = ["cloudtrail.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceArn"
      values   = [local.trail_arn]
    }
  }
}

module "trail" {
  count               = var.trail ? 1 : 0
  source              = "./modules/bucket"
  name                = local.trail_bucket
  key_arn             = aws_kms_key.main.arn
  days                = 400
  deletion_protection = var.deletion_protection
  policies            = [data.aws_iam_policy_document.trail.json]
}

resource "aws_cloudtrail" "main" {
  count                         = var.trail ? 1 : 0
  name                          = local.name
  s3_bucket_name                = module.trail[0].id
  kms_key_id                    = aws_kms_key.main.arn
  is_multi_region_trail         = true
  include_global_service_events = true
  enable_log_file_validation    = true
  depends_on                    = [module.trail]
}
