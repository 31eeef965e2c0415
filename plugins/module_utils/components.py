# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""The list of the platform's components: platform_info, platform_sweep, kms_key go through it.

A component is named as its host in inventories/components.yml and its role. What is known of it
stands in its folder; component.py says what that can be.
"""

from __future__ import annotations

from ._app_rollout.component import COMPONENT as APP_ROLLOUT
from ._cluster_addons.component import COMPONENT as CLUSTER_ADDONS
from ._ecr.component import COMPONENT as ECR
from ._eks.component import COMPONENT as EKS
from ._elasticache.component import COMPONENT as ELASTICACHE
from ._iam.component import COMPONENT as IAM
from ._kms.component import COMPONENT as KMS
from ._logs.component import component as log_groups
from ._milvus.component import COMPONENT as MILVUS
from ._network.component import COMPONENT as NETWORK
from ._rds.component import COMPONENT as RDS
from ._s3.component import COMPONENT as S3
from ._secrets.component import COMPONENT as SECRETS
from .component import Component

COMPONENTS: tuple[Component, ...] = (
    NETWORK,  # first: EC2's client takes longest to build
    KMS,
    ECR,
    SECRETS,
    S3,
    EKS,
    RDS,
    ELASTICACHE,
    Component("bastion"),
    Component("images"),
    Component("workload_identity"),
    CLUSTER_ADDONS,
    MILVUS,
    APP_ROLLOUT,
    Component("health"),
)

EVERYWHERE: tuple[Component, ...] = (
    IAM,
    log_groups([parent for each in COMPONENTS for parent in each.log_groups]),
)
"""What several components have of one service: no hosts, but read and looked for as they are."""

ALL = (*COMPONENTS, *EVERYWHERE)
READ = {each.name: each for each in ALL if each.read}
"""Those of which platform_info knows something, by name."""
