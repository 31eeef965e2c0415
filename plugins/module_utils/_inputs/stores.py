# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""What the inputs of databases, caches, buckets, repositories, secrets and keys must be.

Where the component's own module can say it without AWS, it is asked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .._ecr import wish as ecr_wish
from .._elasticache import checks as elasticache_checks
from .._rds import checks as rds_checks
from ..aws import AwsError
from . import owned, versions
from .platform import region_problems
from .roles import Inputs

# Options of the modules that the roles compute, at values which pass.
RDS_COMPUTED = {
    "identifier": "ragops",
    "db_name": "rag",
    "master_username": "ragops",
    "monitoring_role_arn": "computed",
}
ELASTICACHE_COMPUTED = {
    "replication_group_id": "ragops",
    "auth_token": "",
    "encryption_in_transit": True,
    "multi_az": False,
}

CACHE_TYPE = re.compile(r"cache\.[a-z]+[0-9]+[a-z]*\.(micro|small|medium|[0-9]{0,2}x?large)")
"""ElastiCache lists no offers: what can be told of a type without it is how it is written."""

LARGEST_SECRET = 65536
"""Bytes that Secrets Manager takes of a value."""


def _options(inputs: Inputs, prefix: str, computed: Mapping[str, Any]) -> dict[str, Any]:
    """Return a role's inputs as its module's options."""
    return {**computed, **{name.removeprefix(prefix): value for name, value in inputs.items()}}


def _refusal(check: Callable[[], None], role: str, options: Mapping[str, Any]) -> Iterator[str]:
    """Yield what a module's own check says, with the role's names for its options."""
    try:
        check()
    except AwsError as error:
        named = "|".join(map(re.escape, sorted(options, key=len, reverse=True)))
        yield f"{role}: " + re.sub(rf"(?<![\w.])({named})(?![\w.])(?= )", rf"{role}_\1", str(error))


def rds_problems(inputs: Inputs, today: str) -> Iterator[str]:
    """Yield what is wrong with the inputs of role rds on a day (YYYY-MM-DD)."""
    version = str(inputs.get("rds_engine_version", ""))
    supported = versions.standard_postgresql(today)
    if version.split(".")[0] not in supported:
        yield (
            f"rds: rds_engine_version is {version}: PostgreSQL majors in standard support on "
            f"{today} are {', '.join(supported)}."
        )
    kind = str(inputs.get("rds_instance_class", ""))
    if re.fullmatch(r"db\.[a-z0-9-]+\.[a-z0-9-]+", kind) is None:
        yield f"rds: rds_instance_class is '{kind}': give a class such as db.t3.micro."
    login = str(inputs.get("rds_application_username", "ragops_app"))
    if login == "ragops" or not re.fullmatch(r"(?!pg_|rds)[a-z_][a-z0-9_]{0,62}", login):
        yield (
            f"rds: rds_application_username is '{login}': give a name of lower-case letters, "
            "digits and _, other than ragops (the master user's), that begins with neither pg_ nor "
            "rds."
        )
    if inputs.get("rds_ca_certificate") == "rds-ca-2019":
        yield (
            "rds: rds_ca_certificate is rds-ca-2019, which ended in August 2024: give "
            "rds-ca-rsa2048-g1, rds-ca-rsa4096-g1 or rds-ca-ecc384-g1."
        )
    options = _options(inputs, "rds_", RDS_COMPUTED)
    yield from _refusal(lambda: rds_checks.check(options), "rds", inputs_of(options))


def rds_warnings(inputs: Inputs) -> Iterator[str]:
    """Yield what is allowed but may lock the application out."""
    if inputs.get("rds_master_password_keeper") == "aws":
        yield (
            "rds_master_password_keeper is aws: AWS changes the master password by itself, and "
            "what holds a copy (the Secret of app_rollout's migrations) is locked out until the "
            "next run. The application goes on with its own login (docs/secrets.md)."
        )


def _engine(inputs: Inputs) -> Iterator[str]:
    """What ElastiCache has of the two engines: Redis OSS ended where Valkey began."""
    engine = str(inputs.get("elasticache_engine", ""))
    version = str(inputs.get("elasticache_engine_version", ""))
    found = elasticache_checks.order(version)
    low, high = {"redis": ([4, 0], [7, 1]), "valkey": ([7, 2], [99])}.get(engine, ([], []))
    if re.match(r"\d", version) and not low <= found <= high:
        yield (
            f"elasticache: elasticache_engine_version is {version}, which ElastiCache has not of "
            f"{engine}: redis (encrypted, at most 7.1) ends before valkey 7.2. Set the engine that "
            "has this version."
        )


def elasticache_problems(inputs: Inputs) -> Iterator[str]:
    """Yield what is wrong with the inputs of role elasticache."""
    kind = str(inputs.get("elasticache_node_type", ""))
    if CACHE_TYPE.fullmatch(kind) is None:
        yield f"elasticache: elasticache_node_type is '{kind}': give a type such as cache.t3.micro."
    yield from _engine(inputs)
    options = _options(inputs, "elasticache_", ELASTICACHE_COMPUTED)
    yield from _refusal(
        lambda: elasticache_checks.check("replication group", options),
        "elasticache",
        inputs_of(options),
    )


def inputs_of(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options that are a role's inputs, not computed by it."""
    computed = {**RDS_COMPUTED, **ELASTICACHE_COMPUTED}
    return {name: value for name, value in options.items() if name not in computed}


def s3_problems(inputs: Inputs, region: str) -> Iterator[str]:
    """Yield what is wrong with the inputs of role s3."""
    days = inputs.get("s3_transition_days", 30)
    if days and days < 30:
        yield (
            f"s3: s3_transition_days is {days}: AWS moves objects to STANDARD_IA after 30 days at "
            "the earliest; 0 leaves them."
        )
    for option in ("s3_noncurrent_days", "s3_abort_upload_days", "s3_access_logs_days"):
        value = inputs.get(option, 1)
        if value < 1:
            yield f"s3: {option} is {value}: it must be at least 1 day."
    if replica := inputs.get("s3_replication_region"):
        yield from region_problems("s3: s3_replication_region", replica)
    if replica == region:
        yield (
            f"s3: s3_replication_region is {region}, the platform's own: replicas belong into "
            "another region; empty makes none."
        )


def ecr_problems(inputs: Inputs) -> Iterator[str]:
    """Yield what is wrong with the inputs of role ecr."""
    for option in ("ecr_keep_images", "ecr_untagged_days"):
        if inputs.get(option, 1) < 1:
            yield f"ecr: {option} is {inputs[option]}: it must be at least 1."
    for image in inputs.get("ecr_images", []):
        if re.fullmatch(r"[a-z0-9]+([._-][a-z0-9]+)*", image) is None:
            yield f"ecr: ecr_images has '{image}': use lower-case letters, digits and . _ -"
    for principal in inputs.get("ecr_pull_principals", []):
        if ecr_wish.PRINCIPAL.fullmatch(principal) is None:
            yield (
                f"ecr: ecr_pull_principals has '{principal[:80]}': give the 12 digits of an "
                "account, in quotes so that zeros in front stay, or the ARN of an IAM role or user."
            )


def secrets_problems(inputs: Inputs) -> Iterator[str]:
    """Yield what is wrong with the inputs of role secrets."""
    days = inputs.get("secrets_recovery_window_days", 30)
    if days and not 7 <= days <= 30:
        yield f"secrets: secrets_recovery_window_days is {days}: AWS takes 0 or 7 to 30."
    key = inputs.get("secrets_openai_api_key") or ""
    if key and (key != key.strip() or " " in key):
        yield "secrets: secrets_openai_api_key has spaces or a line end: give the key alone."
    for extra in inputs.get("secrets_extra", []):
        if extra.get("name") in owned.secrets():
            yield (
                f"secrets: secrets_extra has {extra['name']}, which the platform makes itself: "
                "choose another name."
            )
        if len(str(extra.get("value") or "").encode()) > LARGEST_SECRET:
            yield (
                f"secrets: the value of {extra.get('name')} in secrets_extra is longer than "
                f"{LARGEST_SECRET} bytes, which is what Secrets Manager takes."
            )
        # A variable of the environment that is not set gives this, and a random value is no key.
        if extra.get("value") == "":
            yield (
                f"secrets: secrets_extra has an empty value for {extra.get('name')}: give it, or "
                "leave `value` out for a random one."
            )
        length = extra.get("generate_length")
        if length is not None and "value" not in extra and not 16 <= length <= 128:
            yield (
                f"secrets: secrets_extra has generate_length {length} for {extra.get('name')}: "
                "give 16 to 128."
            )


def kms_problems(inputs: Inputs) -> Iterator[str]:
    """Yield what is wrong with the inputs of role kms."""
    days = inputs.get("kms_deletion_window", 30)
    if not 7 <= days <= 30:
        yield f"kms: kms_deletion_window is {days}: AWS takes 7 to 30 days."
    rotation = inputs.get("kms_rotation_days", 365)
    if rotation and not 90 <= rotation <= 2560:
        yield f"kms: kms_rotation_days is {rotation}: AWS takes 90 to 2560 days; 0 rotates never."
