resource "aws_iam_openid_connect_provider" "github" {
  count          = var.repository != "" && var.github_provider ? 1 : 0
  url            = "https://${local.github_issuer}"
  client_id_list = ["sts.amazonaws.com"]
}

data "aws_iam_policy_document" "release_trust" {
  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]
    principals {
      type        = "Federated"
      identifiers = [local.github_issuer_arn]
    }
    condition {
      test     = "StringEquals"
      variable = "${local.github_issuer}:aud"
      values   = ["sts.amazonaws.com"]
    }
    # Of this repository, and only after what its environment asks for: reviewers, branches.
    condition {
      test     = "StringEquals"
      variable = "${local.github_issuer}:sub"
      values   = ["repo:${var.repository}:environment:${var.stage}"]
    }
  }
}

resource "aws_iam_role" "release" {
  count                = var.repository == "" ? 0 : 1
  name                 = "${local.global_name}-release"
  assume_role_policy   = data.aws_iam_policy_document.release_trust.json
  max_session_duration = 7200 # a backup before the migration, and a time of watching
  depends_on           = [aws_iam_openid_connect_provider.github]
}

data "aws_iam_policy_document" "release" {
  # These know no resources. What a task may become is bounded by the roles below.
  statement {
    actions = [
      "cloudwatch:GetMetricData", "ecr:GetAuthorizationToken", "ecs:DescribeTaskDefinition",
      "ecs:RegisterTaskDefinition", "elasticloadbalancing:DescribeTargetGroups",
    ]
    resources = ["*"]
  }
  statement {
    actions = [
      "ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:CompleteLayerUpload", "ecr:DescribeImages",
      "ecr:GetDownloadUrlForLayer", "ecr:InitiateLayerUpload", "ecr:PutImage", "ecr:UploadLayerPart",
    ]
    resources = [local.repository_arn]
  }
  statement {
    actions   = ["ecs:DescribeServices", "ecs:UpdateService"]
    resources = [local.service_arn]
  }
  statement {
    actions   = ["ecs:RunTask"]
    resources = [local.task_family_arn]
    condition {
      test     = "ArnEquals"
      variable = "ecs:cluster"
      values   = [local.cluster_arn]
    }
  }
  statement {
    actions   = ["ecs:DescribeTasks"]
    resources = ["arn:aws:ecs:${local.primary_arn}:task/${local.name}/*"]
  }
  statement {
    actions   = ["iam:PassRole"]
    resources = ["${local.role_arn_prefix}/${local.task_role}", "${local.role_arn_prefix}/${local.execution_role}"]
    condition {
      test     = "StringEquals"
      variable = "iam:PassedToService"
      values   = ["ecs-tasks.amazonaws.com"]
    }
  }
  # The lock of the stage.
  statement {
    actions   = ["ssm:DeleteParameter", "ssm:GetParameter", "ssm:PutParameter"]
    resources = [local.lock_arn]
  }
  statement {
    actions   = ["logs:GetLogEvents"]
    resources = ["arn:aws:logs:${local.primary_arn}:log-group:${local.log_group}:*"]
  }
}

resource "aws_iam_role_policy" "release" {
  count  = var.repository == "" ? 0 : 1
  name   = "release"
  role   = aws_iam_role.release[0].id
  policy = data.aws_iam_policy_document.release.json
}
