# Uploaded files, of all servers. With S3_BUCKET (docs/files.md) they would be in a bucket, which is not made here.
resource "aws_efs_file_system" "files" {
  creation_token  = local.name
  encrypted       = true
  kms_key_id      = aws_kms_key.main.arn
  throughput_mode = "elastic"
  tags            = { Name = local.name }
}

resource "aws_efs_mount_target" "files" {
  count           = 2
  file_system_id  = aws_efs_file_system.files.id
  subnet_id       = module.network.private_subnets[count.index]
  security_groups = [aws_security_group.files.id]
}

resource "aws_efs_access_point" "files" {
  file_system_id = aws_efs_file_system.files.id
  posix_user {
    uid = local.user
    gid = local.user
  }
  root_directory {
    path = "/files"
    creation_info {
      owner_uid   = local.user
      owner_gid   = local.user
      permissions = "0700"
    }
  }
  tags = { Name = local.name }
}

data "aws_iam_policy_document" "files" {
  statement {
    sid       = "TheTask"
    actions   = ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"]
    resources = [aws_efs_file_system.files.arn]
    principals {
      type        = "AWS"
      identifiers = [aws_iam_role.task.arn]
    }
    condition {
      test     = "StringEquals"
      variable = "elasticfilesystem:AccessPointArn"
      values   = [aws_efs_access_point.files.arn]
    }
    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["true"]
    }
  }
}

resource "aws_efs_file_system_policy" "files" {
  file_system_id = aws_efs_file_system.files.id
  policy         = data.aws_iam_policy_document.files.json
}

resource "aws_efs_replication_configuration" "files" {
  count                 = var.copy && var.copy_files ? 1 : 0
  source_file_system_id = aws_efs_file_system.files.id
  destination {
    region     = var.secondary_region
    kms_key_id = aws_kms_key.copy[0].arn
  }
}
