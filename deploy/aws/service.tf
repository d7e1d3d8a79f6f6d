resource "aws_cloudwatch_log_group" "server" {
  name              = local.log_group
  retention_in_days = var.log_days
  kms_key_id        = aws_kms_key.main.arn
}

resource "aws_ecs_cluster" "main" {
  name = local.name
  setting {
    name  = "containerInsights"
    value = "enabled"
  }
}

locals {
  options = merge({
    BRAINBYTES_STAGE           = var.stage
    BRAINBYTES_URL             = "https://${var.domain}"
    BRAINBYTES_LISTEN          = "0.0.0.0:${local.port}"
    BRAINBYTES_DATA            = "/data/brainbytes"
    BRAINBYTES_TRUSTED_PROXIES = join(",", concat(["10.20.0.0/16"], var.proxy_networks))
    BRAINBYTES_DRAIN_SECONDS   = "90"
    BRAINBYTES_LOG_FORMAT      = "json"
    BACKUP_TO                  = "s3://${local.backup_bucket}/brainbytes"
    BACKUP_KEY_FILE            = "/etc/brainbytes/backup.pub"
    S3_REGION                  = var.primary_region
    # RDS lets nobody read its log or its files, and keeps every second by itself.
    BACKUP_PHYSICAL_EVERY_DAYS = "0"
    BACKUP_WAL_DAYS            = "0"
    # The private key is not here, so a drill is held elsewhere.
    DRILL_EVERY_DAYS = "0"
  }, var.environment)

  # What both containers of a task are.
  container = {
    image                  = "${local.repository_url}:${var.image_tag}"
    user                   = tostring(local.user)
    readonlyRootFilesystem = true
    privileged             = false
    linuxParameters        = { initProcessEnabled = true, capabilities = { drop = ["ALL"] } }
    mountPoints = [
      { sourceVolume = "data", containerPath = "/data", readOnly = false },
      { sourceVolume = "files", containerPath = "/files", readOnly = false },
      { sourceVolume = "tmp", containerPath = "/tmp", readOnly = false },
    ]
    environment    = []
    portMappings   = []
    systemControls = []
    volumesFrom    = []
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = local.log_group
        awslogs-region        = var.primary_region
        awslogs-stream-prefix = "server"
      }
    }
  }
}

resource "aws_ecs_task_definition" "server" {
  family                   = local.name
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.task_cpu
  memory                   = var.task_memory
  execution_role_arn       = aws_iam_role.execution.arn
  task_role_arn            = aws_iam_role.task.arn
  # deploy/aws/release adds revisions.
  track_latest = true
  skip_destroy = false

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = "X86_64"
  }

  volume {
    name = "tmp"
  }

  volume {
    name = "data"
  }

  volume {
    name = "files"
    efs_volume_configuration {
      file_system_id     = aws_efs_file_system.files.id
      transit_encryption = "ENABLED"
      authorization_config {
        access_point_id = aws_efs_access_point.files.id
        iam             = "ENABLED"
      }
    }
  }

  container_definitions = jsonencode([
    # Two servers on one data folder are refused, and all need the same files: each has a folder of its own, in which
    # the shared one is linked.
    merge(local.container, {
      name      = "data"
      essential = false
      command   = ["blobs", "share", "/files/brainbytes"]
    }),
    merge(local.container, {
      name         = "server"
      essential    = true
      command      = ["serve"]
      dependsOn    = [{ containerName = "data", condition = "SUCCESS" }]
      stopTimeout  = 120
      portMappings = [{ containerPort = local.port, hostPort = local.port, protocol = "tcp" }]
      environment  = [for name in sort(keys(local.options)) : { name = name, value = local.options[name] }]
      secrets = [
        for name in sort(local.task_secrets) : { name = name, valueFrom = "${local.parameter_arn}/${name}" }
      ]
      ulimits = [{ name = "nofile", softLimit = 65536, hardLimit = 65536 }]
    }),
  ])

  depends_on = [aws_ssm_parameter.database_url, aws_ssm_parameter.once, aws_ssm_parameter.given]
}

resource "aws_ecs_service" "server" {
  name             = local.name
  cluster          = aws_ecs_cluster.main.id
  task_definition  = aws_ecs_task_definition.server.arn
  desired_count    = var.tasks
  launch_type      = "FARGATE"
  platform_version = "1.4.0"
  propagate_tags   = "SERVICE"

  # A new task answers before an old one goes.
  deployment_minimum_healthy_percent = 100
  deployment_maximum_percent         = 200
  availability_zone_rebalancing      = "ENABLED"
  health_check_grace_period_seconds  = 180
  enable_execute_command             = false

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }
  # Also when new tasks are healthy, and answer with errors.
  alarms {
    enable      = true
    rollback    = true
    alarm_names = [aws_cloudwatch_metric_alarm.main["HighErrorRate"].alarm_name]
  }

  network_configuration {
    subnets          = module.network.private_subnets
    security_groups  = [aws_security_group.task.id]
    assign_public_ip = false
  }

  load_balancer {
    target_group_arn = aws_lb_target_group.server.arn
    container_name   = "server"
    container_port   = local.port
  }

  depends_on = [aws_lb_listener.https, aws_efs_mount_target.files, aws_iam_role_policy.execution]

  lifecycle {
    # Which release runs is a matter of deploy/aws/release.
    ignore_changes = [task_definition]
  }
}
