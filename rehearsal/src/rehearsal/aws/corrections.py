"""All that is corrected of ministack, in the order that the corrections need.

The one list: the rehearsal's emulated AWS and that of the tests are made of it, so that both
refuse the same.
"""

from __future__ import annotations

import importlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rehearsal.aws.account.facts import Account
from rehearsal.aws.account.facts import adjust as adjust_zones
from rehearsal.aws.account.regions import DisabledRegions
from rehearsal.aws.acm import certificates
from rehearsal.aws.cloudwatch import logs
from rehearsal.aws.ec2 import (
    dry_runs,
    events,
    fleets,
    images,
    instances,
    network,
    prices,
    templates,
    types,
)
from rehearsal.aws.eks import records, scaling_groups, token_issuer
from rehearsal.aws.eks import service as eks
from rehearsal.aws.elasticache import dropped as dropped_of_groups
from rehearsal.aws.elasticache import service as elasticache
from rehearsal.aws.elb import target_health
from rehearsal.aws.iam import (
    authorization,
    decisions,
    oidc_providers,
    service_roles,
    tags,
    web_identity,
)
from rehearsal.aws.rds import backups
from rehearsal.aws.rds import dropped as dropped_of_instances
from rehearsal.aws.rds import service as rds
from rehearsal.aws.route53 import hosted_zones
from rehearsal.aws.servicequotas import quotas
from rehearsal.aws.spread.application import Settings, Spread
from rehearsal.aws.ssm import sessions
from rehearsal.aws.wire.repeats import Repeats


@dataclass(frozen=True)
class Surroundings:
    """What stands around an emulated account.

    Args:
        folder: of the files by which it is told facts: account.json, machines.json,
            target_health.json.
        postgres, redis: the servers behind RDS and ElastiCache.
        cluster_ca: certificate of the authority of the cluster behind EKS.
        cluster_port: where that cluster's API server listens.
        token_keys: public keys of the cluster's tokens; None: no cluster issues any.
        decisions: where each question to IAM is noted; None: nowhere.
    """

    folder: Path
    postgres: Any
    redis: Any
    cluster_ca: Path
    cluster_port: int
    token_keys: Path | None = None
    decisions: Path | None = None


def service(name: str) -> Any:
    """ministack's module of a service."""
    return importlib.import_module(f"ministack.services.{name}")


def core(name: str) -> Any:
    """ministack's module of what its services share."""
    return importlib.import_module(f"ministack.core.{name}")


def apply(around: Surroundings) -> Any:
    """Correct ministack's services. Returns its application."""
    app = importlib.import_module("ministack.app")
    ec2, eks_service, iam = service("ec2"), service("eks"), service("iam")
    settings = Settings.of(os.environ)
    account = Account(around.folder / "account.json")
    _stores(around)
    eks.adjust(eks_service, around.cluster_ca, around.cluster_port)
    instances.adjust(ec2, around.folder / "machines.json")
    network.adjust(ec2)
    records.adjust_templates(ec2)
    scaling_groups.adjust(eks_service, service("autoscaling"), ec2)
    _names(around, ec2, settings)
    logs.adjust(service("cloudwatch_logs"))
    if around.decisions:
        decisions.adjust(core("iam_evaluator"), around.decisions)
    _identities(around, ec2, eks_service, iam)
    adjust_zones(ec2, account)
    _launches(app, ec2, account)
    return Repeats(Spread(DisabledRegions(app.app, account), settings))


def _stores(around: Surroundings) -> None:
    """Correct RDS and ElastiCache, and let real servers stand behind them."""
    databases, caches = service("rds"), service("elasticache")
    rds.adjust(databases, service("secretsmanager"), around.postgres)
    dropped_of_instances.adjust(databases)
    backups.adjust(databases)
    elasticache.adjust(caches, around.redis)
    dropped_of_groups.adjust(caches)


def _names(around: Surroundings, ec2: Any, settings: Settings) -> None:
    """Correct load balancers, and what leads to them: names and certificates."""
    balancers, names = service("alb"), service("route53")
    network.adjust_balancers(balancers, ec2)
    target_health.adjust(balancers, around.folder / "target_health.json")
    hosted_zones.adjust(names, balancers, settings.reads)
    certificates.adjust(service("acm"), names, balancers, service("tagging"))


def _identities(around: Surroundings, ec2: Any, eks_service: Any, iam: Any) -> None:
    """Correct IAM, the sessions that it gives out, and who asks for them."""
    oidc_providers.adjust(iam)
    service_roles.adjust(iam, service)
    tags.adjust(iam)
    sessions.adjust(service("ssm"), ec2, iam)
    if around.token_keys:
        token_issuer.adjust(eks_service)
        web_identity.adjust(service("sts"), iam, around.token_keys)


def _launches(app: Any, ec2: Any, account: Account) -> None:
    """Correct what a controller needs that launches instances, and what IAM is asked of a call."""
    templates.adjust(ec2)
    types.adjust(ec2, account)
    images.adjust(service("ssm"), ec2)
    fleets.adjust(ec2)
    events.adjust(ec2, service("eventbridge"))
    prices.adjust(app, core("router"), core("iam_actions"), ec2, account)
    quotas.adjust(app, core("router"), core("iam_actions"), account)
    authorization.adjust(core("iam_evaluator"), core("iam_actions"), service)
    # Last: it stands before all other corrections of a call.
    dry_runs.adjust(ec2)
