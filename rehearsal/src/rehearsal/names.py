"""The names under which the world's parts are found, in the namespace and in pods."""

from __future__ import annotations

from rehearsal.world import ADDRESS

ACCOUNT = "000000000000"
REGION = "us-east-1"

AWS = "aws.rehearsal.internal"
REDIS = "redis.rehearsal.internal"
REGISTRY = "registry.rehearsal.internal"
ECR = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"

AWS_PORT = 4566
POSTGRES_PORT = 5432
REDIS_PORT = 6379
REGISTRY_PORT = 443
KUBERNETES_PORT = 16443

HOSTS = {AWS: ADDRESS, REDIS: ADDRESS, REGISTRY: ADDRESS, ECR: ADDRESS}
"""Name -> IPv4 address: /etc/hosts in the namespace, the cluster's DNS in pods."""

SOCKETS = "/run/rehearsal"
"""Unix sockets of the servers: a folder of the namespace's own /run."""
