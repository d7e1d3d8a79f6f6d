"""Runs moto's server for deploy/aws: moto_aws.py PORT. Two things that AWS does and moto does not are mended: a trail
may be named by its ARN, and a read replica in another region belongs to that region's subnets."""
from moto.cloudtrail.models import CloudTrailBackend
from moto.rds.models import RDSBackend


def by_name(method):
    return lambda self, name: method(self, name.rsplit("/", 1)[-1])


for verb in ("start_logging", "stop_logging", "delete_trail"):
    setattr(CloudTrailBackend, verb, by_name(getattr(CloudTrailBackend, verb)))

make_replica = RDSBackend.create_db_instance_read_replica


def replica_here(self, db_kwargs):
    return make_replica(self, {"backend": self, **db_kwargs})


RDSBackend.create_db_instance_read_replica = replica_here

import moto_server  # noqa: E402,F401  runs it
