# Disaster recovery: production again, in another account (or, with another state, another region of the same one).
stage                = "production"
primary_region       = "us-west-2"
secondary_region     = "us-east-1"
task_cpu             = 2048
task_memory          = 4096
database_class       = "db.m6g.large"
database_storage     = 100
database_multi_az    = true
database_backup_days = 14
deletion_protection  = true
# Nothing runs until the backup is restored.
tasks = 0
# The lost region may be the one for copies: switch it on when it is back.
copy     = false
log_days = 365
