"""What stands around ministack so that it behaves as AWS does where the platform looks.

Runs under ministack's own Python, which has none of our packages: only the standard
library is imported here. Its parts: a log of every request (`requestlog`), one small
function per difference from the real AWS (`rds`, `elasticache`, `eks`), what IAM and EKS
check of a token (`web_identity`, `oidc`, `cluster_access`), and what RDS and ElastiCache
do behind their API: the real servers' users and tokens (`data`).
"""
