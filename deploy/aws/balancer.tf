resource "aws_lb" "main" {
  name               = local.name
  load_balancer_type = "application"
  subnets            = module.network.public_subnets
  security_groups    = [aws_security_group.balancer.id]
  # A reply is one request for as long as it streams.
  idle_timeout               = 3600
  drop_invalid_header_fields = true
  desync_mitigation_mode     = "strictest"
  enable_deletion_protection = var.deletion_protection
  access_logs {
    bucket  = module.balancer_logs.id
    enabled = true
  }
  depends_on = [module.balancer_logs]
}

resource "aws_lb_target_group" "server" {
  name        = local.name
  port        = local.port
  protocol    = "HTTP"
  target_type = "ip"
  vpc_id      = module.network.vpc_id
  # Time for replies to stream to their end; one that is cut goes on after a reload.
  deregistration_delay = 120
  health_check {
    path                = "/readyz"
    matcher             = "200"
    interval            = 10
    timeout             = 5
    healthy_threshold   = 2
    unhealthy_threshold = 3
  }
}

resource "aws_acm_certificate" "site" {
  domain_name       = var.domain
  validation_method = "DNS"
  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_acm_certificate_validation" "site" {
  certificate_arn = aws_acm_certificate.site.arn
}

resource "aws_lb_listener" "https" {
  load_balancer_arn = aws_lb.main.arn
  port              = 443
  protocol          = "HTTPS"
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-2021-06"
  certificate_arn   = aws_acm_certificate_validation.site.certificate_arn
  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.server.arn
  }
}

resource "aws_lb_listener" "http" {
  load_balancer_arn = aws_lb.main.arn
  port              = 80
  protocol          = "HTTP"
  default_action {
    type = "redirect"
    redirect {
      port        = "443"
      protocol    = "HTTPS"
      status_code = "HTTP_301"
    }
  }
}

data "aws_iam_policy_document" "balancer_logs" {
  statement {
    sid       = "Balancer"
    actions   = ["s3:PutObject"]
    resources = ["arn:aws:s3:::${local.balancer_bucket}/AWSLogs/${var.account}/*"]
    principals {
      type        = "Service"
      identifiers = ["logdelivery.elasticloadbalancing.amazonaws.com"]
    }
    condition {
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values   = ["arn:aws:elasticloadbalancing:${local.primary_arn}:loadbalancer/*"]
    }
  }
}

# The balancer can write with S3's own keys alone.
module "balancer_logs" {
  source              = "./modules/bucket"
  name                = local.balancer_bucket
  own_key             = false
  days                = var.log_days
  deletion_protection = var.deletion_protection
  policies            = [data.aws_iam_policy_document.balancer_logs.json]
}
