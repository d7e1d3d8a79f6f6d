stage               = "staging"
tasks               = 1
task_cpu            = 512
task_memory         = 1024
database_class      = "db.t4g.small"
database_storage    = 20
database_multi_az   = false
deletion_protection = false
copy                = false
log_days            = 30
# In the account of production these two are there already: make them false.
github_provider = true
trail           = true
