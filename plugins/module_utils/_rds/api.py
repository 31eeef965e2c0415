# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""What is asked of RDS, and how long its answers are waited for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .. import datastore
from ..aws import AwsError
from ..reconcile import Api
from . import transform, versions

GOOD = ("available", "storage-optimization", "storage-config-upgrade")
FULL = "storage-full"
BAD = (
    "deleting",
    "failed",
    "inaccessible-encryption-credentials",
    "inaccessible-encryption-credentials-recoverable",
    "incompatible-network",
    "incompatible-option-group",
    "incompatible-parameters",
    "incompatible-restore",
    "insufficient-capacity",
    "restore-error",
    FULL,
)
NOT_FOUND = ("DBInstanceNotFound", "DBInstanceNotFoundFault")
BUSY = ("InvalidDBInstanceState", "InvalidDBInstanceStateFault")


def find(api: Api, identifier: str) -> dict[str, Any] | None:
    """Return an instance as AWS describes it; None if there is none."""
    answer = api.read(
        "describe_db_instances",
        f"db instance {identifier}",
        NOT_FOUND,
        DBInstanceIdentifier=identifier,
    )
    instances: list[dict[str, Any]] = answer.get("DBInstances", [])
    return instances[0] if instances else None


def must_find(api: Api, identifier: str) -> dict[str, Any]:
    """Return an instance that was there a moment ago.

    Raises:
        AwsError: it vanished.
    """
    return datastore.still_there(f"db instance {identifier}", find(api, identifier))


def status(api: Api, identifier: str) -> str | None:
    """Return an instance's status; None if there is no such instance."""
    instance = find(api, identifier)
    return str(instance["DBInstanceStatus"]) if instance else None


def applied(api: Api, identifier: str) -> str | None:
    """Return the status, but "modifying" while AWS has yet to take up what it was told.

    For seconds after an accepted modification AWS still calls the instance available.
    """
    instance = find(api, identifier)
    if instance is None:
        return None
    pending = transform.pending_of(instance)
    if instance["DBInstanceStatus"] in GOOD and pending:
        return f"modifying (pending: {', '.join(sorted(pending))})"
    return str(instance["DBInstanceStatus"])


def await_available(
    api: Api,
    identifier: str,
    timeout: float,
    read: Any = status,
    shown: Callable[[], bool] | None = None,
) -> None:
    """Wait until the instance takes connections and modifications.

    Args:
        read: `status`, or `applied` to wait for what is pending as well.
        shown: after a change, whether AWS tells of what was asked for.
    """
    if api.check_mode:
        return
    datastore.await_status(
        api,
        f"db instance {identifier}",
        lambda: read(api, identifier),
        source=(identifier, "db-instance"),
        good=GOOD,
        bad=BAD,
        timeout=timeout,
        shown=shown,
    )


def refuse_hopeless(api: Api, identifier: str) -> None:
    """Raise when the instance is in a state that it will not leave by itself."""
    state = status(api, identifier)
    if state is None or state in BAD:
        raise datastore.lost(api, f"db instance {identifier}", state, (identifier, "db-instance"))


def creatable_version(api: Api, wanted: str) -> str:
    """Return the newest version under `wanted` that AWS creates today."""
    offers = api.pages(
        "describe_db_engine_versions",
        "DBEngineVersions",
        "versions of PostgreSQL",
        Engine="postgres",
    )
    return versions.newest((str(offer["EngineVersion"]) for offer in offers), wanted)


def upgrade_targets(api: Api, current: str) -> list[str]:
    """Return to which versions AWS upgrades an instance; also from one that it has retired."""
    offers = api.pages(
        "describe_db_engine_versions",
        "DBEngineVersions",
        f"upgrades of PostgreSQL {current}",
        Engine="postgres",
        EngineVersion=current,
        IncludeAll=True,
    )
    listed = [target for offer in offers for target in offer.get("ValidUpgradeTarget") or []]
    return [str(target["EngineVersion"]) for target in listed]


def offers_of(api: Api, version: str, instance_class: str) -> list[dict[str, Any]]:
    """Return what AWS offers of a class: one item per kind of storage."""
    return api.pages(
        "describe_orderable_db_instance_options",
        "OrderableDBInstanceOptions",
        f"class {instance_class} for PostgreSQL {version}",
        Engine="postgres",
        EngineVersion=version,
        DBInstanceClass=instance_class,
        Vpc=True,
    )


def check_offers(offers: list[dict[str, Any]], version: str, wanted: Mapping[str, Any]) -> bool:
    """Refuse what AWS does not offer; return whether the class has Performance Insights.

    Raises:
        AwsError: no such class for this version, storage type, encryption or standby.
    """
    name = f"{wanted['instance_class']} for PostgreSQL {version}"
    if not offers:
        raise AwsError(
            f"AWS offers no {name} in this region. Choose another instance_class (aws rds"
            " describe-orderable-db-instance-options lists all)."
        )
    fitting = [offer for offer in offers if offer["StorageType"] == wanted["storage_type"]]
    if not fitting:
        kinds = ", ".join(sorted({str(offer["StorageType"]) for offer in offers}))
        raise AwsError(
            f"AWS offers no storage_type {wanted['storage_type']} with {name}. It offers {kinds}."
            " Choose one of these."
        )
    needs = {"SupportsStorageEncryption": "storage encryption"}
    if wanted["multi_az"]:
        needs["MultiAZCapable"] = "a standby (multi_az)"
    for flag, what in needs.items():
        if not any(offer.get(flag) for offer in fitting):
            raise AwsError(f"AWS offers no {what} with {name}. Choose another instance_class.")
    return any(bool(offer.get("SupportsPerformanceInsights")) for offer in fitting)
