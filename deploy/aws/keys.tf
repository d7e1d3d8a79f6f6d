resource "aws_kms_key" "main" {
  description             = "${local.name}: everything at rest"
  enable_key_rotation     = true
  deletion_window_in_days = 30
  policy                  = data.aws_iam_policy_document.key["main"].json
}

resource "aws_kms_alias" "main" {
  name          = "alias/${local.name}"
  target_key_id = aws_kms_key.main.key_id
}

resource "aws_kms_key" "copy" {
  provider                = aws.secondary
  count                   = local.secondary
  description             = "${local.name}: copies at rest"
  enable_key_rotation     = true
  deletion_window_in_days = 30
  policy                  = data.aws_iam_policy_document.key["copy"].json
}

resource "aws_kms_alias" "copy" {
  provider      = aws.secondary
  count         = local.secondary
  name          = "alias/${local.name}-copy"
  target_key_id = aws_kms_key.copy[0].key_id
}

data "aws_iam_policy_document" "key" {
  for_each = { main = var.primary_region, copy = var.secondary_region }

  # As every key of KMS has it: without it nobody could ever change the key again.
  statement {
    sid       = "ByIam"
    actions   = ["kms:*"]
    resources = ["*"]
    principals {
      type        = "AWS"
      identifiers = ["arn:aws:iam::${var.account}:root"]
    }
  }

  statement {
    sid       = "Logs"
    actions   = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:GenerateDataKey", "kms:DescribeKey"]
    resources = ["*"]
    principals {
      type        = "Service"
      identifiers = ["logs.${each.value}.amazonaws.com"]
    }
    condition {
      test     = "ArnLike"
      variable = "kms:EncryptionContext:aws:logs:arn"
      values = [
        "arn:aws:logs:${each.value}:${var.account}:log-group:/brainbytes/*",
        "arn:aws:logs:${each.value}:${var.account}:log-group:aws-waf-logs-${local.name}",
      ]
    }
  }

  dynamic "statement" {
    for_each = each.key == "main" ? [1] : []
    content {
      sid       = "Trail"
      actions   = ["kms:GenerateDataKey", "kms:DescribeKey"]
      resources = ["*"]
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

  dynamic "statement" {
    for_each = each.key == "main" ? [1] : []
    content {
      sid       = "Alarms"
      actions   = ["kms:GenerateDataKey", "kms:Decrypt"]
      resources = ["*"]
      principals {
        type        = "Service"
        identifiers = ["cloudwatch.amazonaws.com"]
      }
      condition {
        test     = "StringEquals"
        variable = "aws:SourceAccount"
        values   = [var.account]
      }
    }
  }

  dynamic "statement" {
    for_each = length(var.backup_readers) > 0 ? [1] : []
    content {
      sid       = "BackupReaders"
      actions   = ["kms:Decrypt", "kms:DescribeKey"]
      resources = ["*"]
      principals {
        type        = "AWS"
        identifiers = [for reader in var.backup_readers : "arn:aws:iam::${reader}:root"]
      }
      condition {
        test     = "StringEquals"
        variable = "kms:ViaService"
        values   = ["s3.${each.value}.amazonaws.com"]
      }
    }
  }
}
