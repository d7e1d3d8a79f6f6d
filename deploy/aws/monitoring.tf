locals {
  suffix = var.stage == "production" ? "" : "-${var.stage}"
  server = { LoadBalancer = aws_lb.main.arn_suffix, TargetGroup = aws_lb_target_group.server.arn_suffix }
  data   = { DBInstanceIdentifier = aws_db_instance.main.identifier }
  alarms = {
    HighErrorRate = {
      words      = "High error rate detected: answers with 500 or more"
      namespace  = "AWS/ApplicationELB", metric = "HTTPCode_Target_5XX_Count", statistic = "Sum"
      comparison = "GreaterThanThreshold", threshold = 10, period = 300, missing = "notBreaching"
      dimensions = local.server
    }
    Unreachable = {
      words      = "The balancer answered itself, as no server did"
      namespace  = "AWS/ApplicationELB", metric = "HTTPCode_ELB_5XX_Count", statistic = "Sum"
      comparison = "GreaterThanThreshold", threshold = 10, period = 300, missing = "notBreaching"
      dimensions = { LoadBalancer = aws_lb.main.arn_suffix }
    }
    NoServer = {
      words      = "No server is healthy"
      namespace  = "AWS/ApplicationELB", metric = "HealthyHostCount", statistic = "Maximum"
      comparison = "LessThanThreshold", threshold = var.tasks == 0 ? 0 : 1, period = 300, missing = var.tasks == 0 ? "notBreaching" : "breaching"
      dimensions = local.server
    }
    DatabaseBusy = {
      words      = "The processors of the database are busy"
      namespace  = "AWS/RDS", metric = "CPUUtilization", statistic = "Average"
      comparison = "GreaterThanThreshold", threshold = 80, period = 900, missing = "missing"
      dimensions = local.data
    }
    DatabaseFull = {
      words      = "The database has less than 5 GB left"
      namespace  = "AWS/RDS", metric = "FreeStorageSpace", statistic = "Minimum"
      comparison = "LessThanThreshold", threshold = 5000000000, period = 300, missing = "missing"
      dimensions = local.data
    }
  }
}

resource "aws_sns_topic" "alarms" {
  name              = local.alarm_topic
  kms_master_key_id = aws_kms_key.main.arn
}

data "aws_iam_policy_document" "alarms" {
  statement {
    actions   = ["sns:Publish"]
    resources = ["arn:aws:sns:${local.primary_arn}:${local.alarm_topic}"]
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

resource "aws_sns_topic_policy" "alarms" {
  arn    = aws_sns_topic.alarms.arn
  policy = data.aws_iam_policy_document.alarms.json
}

resource "aws_sns_topic_subscription" "alarms" {
  for_each  = var.alarm_addresses
  topic_arn = aws_sns_topic.alarms.arn
  protocol  = "email"
  endpoint  = each.key
}

resource "aws_cloudwatch_metric_alarm" "main" {
  for_each            = local.alarms
  alarm_name          = "BrainBytes-${each.key}${local.suffix}"
  alarm_description   = each.value.words
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = each.value.statistic
  period              = each.value.period
  evaluation_periods  = 1
  threshold           = each.value.threshold
  comparison_operator = each.value.comparison
  treat_missing_data  = each.value.missing
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
}

# The lag of the copy is measured where the copy is, and so is its alarm: it shows on the console alone.
resource "aws_cloudwatch_metric_alarm" "copy_behind" {
  provider            = aws.secondary
  count               = local.secondary
  alarm_name          = "BrainBytes-CopyBehind${local.suffix}"
  alarm_description   = "The copy of the database is more than five minutes behind"
  namespace           = "AWS/RDS"
  metric_name         = "ReplicaLag"
  dimensions          = { DBInstanceIdentifier = aws_db_instance.copy[0].identifier }
  statistic           = "Minimum"
  period              = 300
  evaluation_periods  = 1
  threshold           = 300
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "breaching"
}

resource "aws_cloudwatch_dashboard" "main" {
  dashboard_name = "BrainBytes-${title(var.stage)}"
  dashboard_body = replace(replace(replace(
    file("${path.module}/../../monitoring/dashboard.json"),
    "brainbytes-production", local.name),
    "/brainbytes/production", local.log_group),
  "us-east-1", var.primary_region)
}
