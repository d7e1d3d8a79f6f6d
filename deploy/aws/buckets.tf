data "aws_iam_policy_document" "backup_readers" {
  for_each = toset([local.backup_bucket, local.backup_copy])
  dynamic "statement" {
    for_each = length(var.backup_readers) > 0 ? [1] : []
    content {
      sid       = "Readers"
      actions   = ["s3:ListBucket", "s3:GetObject"]
      resources = ["arn:aws:s3:::${each.key}", "arn:aws:s3:::${each.key}/*"]
      principals {
        type        = "AWS"
        identifiers = [for reader in var.backup_readers : "arn:aws:iam::${reader}:root"]
      }
    }
  }
}

module "backups" {
  source              = "./modules/bucket"
  name                = local.backup_bucket
  key_arn             = aws_kms_key.main.arn
  deletion_protection = var.deletion_protection
  policies            = [data.aws_iam_policy_document.backup_readers[local.backup_bucket].json]
}

module "backups_copy" {
  count               = local.secondary
  source              = "./modules/bucket"
  providers           = { aws = aws.secondary }
  name                = local.backup_copy
  key_arn             = aws_kms_key.copy[0].arn
  deletion_protection = var.deletion_protection
  policies            = [data.aws_iam_policy_document.backup_readers[local.backup_copy].json]
}

data "aws_iam_policy_document" "copier_trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["s3.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.account]
    }
  }
}

data "aws_iam_policy_document" "copier" {
  count = local.secondary
  statement {
    actions   = ["s3:GetReplicationConfiguration", "s3:ListBucket"]
    resources = ["arn:aws:s3:::${local.backup_bucket}"]
  }
  statement {
    actions   = ["s3:GetObjectVersionForReplication", "s3:GetObjectVersionAcl", "s3:GetObjectVersionTagging"]
    resources = ["arn:aws:s3:::${local.backup_bucket}/*"]
  }
  statement {
    actions   = ["s3:ReplicateObject", "s3:ReplicateDelete", "s3:ReplicateTags"]
    resources = ["arn:aws:s3:::${local.backup_copy}/*"]
  }
  statement {
    actions   = ["kms:Decrypt"]
    resources = [aws_kms_key.main.arn]
  }
  statement {
    actions   = ["kms:Encrypt", "kms:GenerateDataKey"]
    resources = [aws_kms_key.copy[0].arn]
  }
}

resource "aws_iam_role" "copier" {
  count              = local.secondary
  name               = "${local.global_name}-copier"
  assume_role_policy = data.aws_iam_policy_document.copier_trust.json
}

resource "aws_iam_role_policy" "copier" {
  count  = local.secondary
  name   = "copy"
  role   = aws_iam_role.copier[0].id
  policy = data.aws_iam_policy_document.copier[0].json
}

resource "aws_s3_bucket_replication_configuration" "backups" {
  count  = local.secondary
  bucket = module.backups.id
  role   = aws_iam_role.copier[0].arn
  rule {
    id     = "all"
    status = "Enabled"
    filter {}
    # What somebody deletes here stays there.
    delete_marker_replication {
      status = "Disabled"
    }
    source_selection_criteria {
      sse_kms_encrypted_objects {
        status = "Enabled"
      }
    }
    destination {
      bucket        = module.backups_copy[0].arn
      storage_class = "STANDARD_IA"
      encryption_configuration {
        replica_kms_key_id = aws_kms_key.copy[0].arn
      }
    }
  }
  depends_on = [module.backups, module.backups_copy]
}

# The program knows keys, not roles of machines: its key is made by hand and written into the Parameter Store.
resource "aws_iam_user" "backup" {
  name = local.backup_user
}

data "aws_iam_policy_document" "backup" {
  statement {
    actions   = ["s3:ListBucket", "s3:ListBucketMultipartUploads"]
    resources = ["arn:aws:s3:::${local.backup_bucket}"]
  }
  statement {
    actions   = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"]
    resources = ["arn:aws:s3:::${local.backup_bucket}/*"]
  }
  statement {
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [aws_kms_key.main.arn]
  }
  dynamic "statement" {
    for_each = var.restore_from == null ? [] : [var.restore_from]
    content {
      actions   = ["s3:ListBucket", "s3:GetObject"]
      resources = ["arn:aws:s3:::${statement.value.bucket}", "arn:aws:s3:::${statement.value.bucket}/*"]
    }
  }
  dynamic "statement" {
    for_each = var.restore_from == null ? [] : [var.restore_from]
    content {
      actions   = ["kms:Decrypt"]
      resources = [statement.value.key_arn]
    }
  }
}

resource "aws_iam_user_policy" "backup" {
  name   = "backups"
  user   = aws_iam_user.backup.name
  policy = data.aws_iam_policy_document.backup.json
}
