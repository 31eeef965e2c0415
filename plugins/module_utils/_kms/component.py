# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""How the key is found, and what a destroy can leave of it."""

from __future__ import annotations

from typing import Any

from .._platform.outputs import Outputs
from .._platform.scope import Connect, Scope
from .._sweep.item import ENDING, Item, reason
from ..aws import AwsError, Dict, call, collect
from ..component import Component


def read(connect: Connect, scope: Scope) -> Dict | None:
    """The key behind alias/<name>; None without one, or when it is to be deleted or is not ours.

    Whoever moved the alias: role kms moves it back, or says whose the key is.
    """
    about, connection = f"KMS alias/{scope.name}", connect("kms")
    missing = ("NotFoundException",)
    alias = f"alias/{scope.name}"
    answer = call(connection, "describe_key", about, missing=missing, KeyId=alias)
    key: Dict | None = answer["KeyMetadata"] if answer else None
    if key is None or key.get("KeyState") == "PendingDeletion":
        return None
    listed = collect(
        connection, "list_resource_tags", "Tags", about, missing=missing, KeyId=key["KeyId"]
    )
    tags = {tag["TagKey"]: tag["TagValue"] for tag in listed}
    return key if scope.owns(tags) else None


def shape(raw: Dict | None, name: str) -> Dict:
    """The key's ARN and its alias; both None without a usable key."""
    return {
        "key_arn": raw["Arn"] if raw else None,
        "alias": f"alias/{name}" if raw else None,
    }


def outputs(found: Dict) -> Outputs:
    """What people look up of the key."""
    return Outputs(lines={"KMS key": found["key_arn"]}, variables={"KMS_KEY_ARN": found["key_arn"]})


def leftovers(connect: Connect, scope: Scope) -> list[Item]:
    """Keys with the platform's tags, whatever aliases lead to them."""
    connection = connect("kms")
    about = f"KMS keys of {scope.name}"
    found, refusals = [], []
    keys = collect(connection, "list_keys", "Keys", about)
    for entry in keys:
        key_id = str(entry["KeyId"])
        try:
            answer = call(
                connection,
                "list_resource_tags",
                about,
                missing=("NotFoundException",),
                KeyId=key_id,
            )
        except AwsError as error:
            # The policy of somebody else's key may keep its tags from this caller.
            if error.code != "AccessDeniedException":
                raise
            refusals.append(error)
            answer = None
        tags = {tag["TagKey"]: tag["TagValue"] for tag in (answer or {}).get("Tags", ())}
        if why := reason(scope, tags):
            found.append(_key(connection, key_id, why, about))
    if keys and len(refusals) == len(keys):
        raise refusals[0]
    return found


def _key(connection: Any, key_id: str, why: str, about: str) -> Item:
    metadata = (call(connection, "describe_key", about, KeyId=key_id) or {})["KeyMetadata"]
    ending = metadata["KeyState"] in ("PendingDeletion", "PendingReplicaDeletion")
    if ending:
        end = metadata.get("DeletionDate")
        why = f"pending deletion{f' on {end:%Y-%m-%d}' if end else ''}"
    return Item(
        "kms",
        "kms",
        "key",
        str(metadata["Arn"]),
        not ending,
        why,
        data=True,
        state=ENDING if ending else "",
    )


COMPONENT = Component(
    "kms",
    data=True,
    read=read,
    shape=shape,
    outputs=outputs,
    leftovers=(leftovers,),
    elsewhere=(leftovers,),
    services=frozenset({"kms"}),
)
