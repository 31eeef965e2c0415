"""What stands around ministack so that it behaves as AWS does where the platform looks.

Runs under ministack's own Python, which has none of our packages: only the standard
library is imported here. Three parts: a log of every request (`requestlog`), one small
function per difference from the real AWS (`rds`, `elasticache`, `eks`), and what RDS
and ElastiCache do behind their API: the real servers' users and tokens (`data`).
"""
