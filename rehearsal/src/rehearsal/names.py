"""The names under which the world's parts are found, in the namespace and in pods."""

from __future__ import annotations

from rehearsal.world import ADDRESS, COGNITO_ADDRESS, OIDC_ADDRESS

ACCOUNT = "000000000000"
REGION = "us-east-1"

AWS = "aws.rehearsal.internal"
REDIS = "redis.rehearsal.internal"
REGISTRY = "registry.rehearsal.internal"
ECR = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"
OIDC = f"oidc.eks.{REGION}.amazonaws.com"
COGNITO = f"cognito-idp.{REGION}.amazonaws.com"

AWS_PORT = 4566
POSTGRES_PORT = 5432
REDIS_PORT = 6379
REGISTRY_PORT = 443
KUBERNETES_PORT = 16443
ACCESS_PORT = 4567
"""Where the API server asks who a token is and what he may do, on the loopback device."""
OIDC_PORT = 443
COGNITO_PORT = 443

ISSUER = f"https://{OIDC}/id/A7C5E9024DB84F6FB2A1D38E60F4715C"
"""Who signs the tokens of the cluster's service accounts. EKS makes the id up anew for each
cluster; the world's API server is there before EKS is asked for it, so it is always this."""

HOSTS = {
    **dict.fromkeys((AWS, REDIS, REGISTRY, ECR), ADDRESS),
    OIDC: OIDC_ADDRESS,
    COGNITO: COGNITO_ADDRESS,
}
"""Name -> IPv4 address: /etc/hosts in the namespace, the cluster's DNS in pods."""

SOCKETS = "/run/rehearsal"
"""Unix sockets of the servers: a folder of the namespace's own /run."""
