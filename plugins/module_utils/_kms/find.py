# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Find KMS keys: by alias, or by the platform's tags where no alias leads to them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from ..aws import AwsError, wait_until
from ..ownership import PLATFORM, PROOF, is_ours, refuse_others
from ..reconcile import UNKNOWN, Api

NOT_FOUND = ("NotFoundException",)
ENDING = ("PendingDeletion", "PendingReplicaDeletion")
"""States from which only CancelKeyDeletion brings a key back."""
_PREFERENCE = ("Enabled", "Disabled", "PendingDeletion")


def describe(api: Api, key_id: str) -> dict[str, Any] | None:
    """Return the metadata of a key given by id, ARN or alias, whatever its state."""
    found: dict[str, Any] | None = api.read("describe_key", key_id, NOT_FOUND, KeyId=key_id).get(
        "KeyMetadata"
    )
    return found


def find(api: Api, alias: str) -> dict[str, Any] | None:
    """Return the metadata of the key behind an alias; None if there is none or it is ending."""
    key = describe(api, alias)
    return None if key is None or key["KeyState"] in ENDING else key


def resolve(
    api: Api,
    key_id: str | None,
    timeout: float,
    tags: Mapping[str, str] | None = None,
    maker: str = "kms",
) -> str | None:
    """Return the ARN of a key given by id, ARN or alias; an alias is awaited.

    The role that makes, enables or re-aliases the platform's own key may run beside the
    one that asks. So its alias counts once it leads to the platform's key, and check
    mode answers with the key to which it will lead.

    Args:
        api: of KMS.
        key_id: the key; empty or None gives None.
        timeout: seconds to wait.
        tags: the caller's tags, by which the platform's own alias is told from others.
        maker: component whose role makes the key behind that alias.

    Raises:
        AwsError: there is no such key after `timeout` seconds, or it can't encrypt.
    """
    if not key_id or key_id.startswith("arn:"):
        return key_id or None
    own = {**tags, "Component": maker} if tags and key_id == _alias_of(tags) else {}
    found: list[str] = []

    def pending() -> str | None:
        key = find(api, key_id)
        better = _better(api, key, key_id, own)
        if key is None or (better and not api.check_mode):
            found[:] = [str(better["Arn"])] if better else []
            absent = f"the key does not exist; role {maker} creates it"
            return absent if key is None else _elsewhere(maker)
        if key["KeyState"] == "Disabled" and not api.check_mode:
            return f"the key is disabled; role {maker} enables it"
        found[:] = [str((better or key)["Arn"])]
        return None

    if api.check_mode:
        pending()
        return found[0] if found else UNKNOWN
    wait_until(f"KMS key {key_id}", pending, timeout=timeout, interval=3)
    return found[0]


def _elsewhere(maker: str) -> str:
    return f"the alias does not point to the key of the platform; role {maker} moves it back"


def _alias_of(tags: Mapping[str, str]) -> str:
    return f"alias/{tags.get('Project')}-{tags.get('Environment')}"


def _better(
    api: Api, key: dict[str, Any] | None, alias: str, own: Mapping[str, str]
) -> dict[str, Any] | None:
    """Return the key to which role kms will make the alias lead, if that is another one.

    Raises:
        AwsError: the alias leads to somebody else's key, and there is none of ours.
    """
    if not own:
        return None
    current = tags_of(api, alias, key["KeyId"]) if key else {}
    if key and is_ours(current, own):
        return None
    mine = lost(api, alias, own)
    if key and mine is None:
        refuse_others(f"kms key {alias}", current, own)
    return mine


DENIED = ("AccessDeniedException",)


def tags_of(api: Api, label: str, key_id: str, lenient: Collection[str] = ()) -> dict[str, str]:
    """Return the tags of a key; none of one that is gone.

    lenient: codes of further errors that stand for no tags.
    """
    tags = api.pages("list_resource_tags", "Tags", label, (*lenient, *NOT_FOUND), KeyId=key_id)
    return {tag["TagKey"]: tag["TagValue"] for tag in tags}


def tagged(api: Api, label: str, wanted: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """Yield the metadata of the keys that carry the platform's marks; ended ones are not listed."""
    marks = {key: str(wanted[key]) for key in PROOF if key in wanted}
    if not marks.keys() >= set(PLATFORM):
        return
    for item in api.pages("list_keys", "Keys", label):
        # Somebody else's key may let nobody read it.
        if marks.items() <= tags_of(api, label, item["KeyId"], lenient=DENIED).items():
            key = describe(api, item["KeyId"])
            if key is not None:
                yield key


def lost(api: Api, label: str, wanted: Mapping[str, str]) -> dict[str, Any] | None:
    """Return our best key that the alias doesn't lead to: usable before ending, newest first.

    A killed run leaves one without alias, a destroy one that is ending.

    Raises:
        AwsError: several usable keys carry our tags.
    """
    keys = [key for key in tagged(api, label, wanted) if key["KeyState"] in _PREFERENCE]
    usable = [key for key in keys if key["KeyState"] not in ENDING]
    if len(usable) > 1:
        arns = ", ".join(sorted(key["Arn"] for key in usable))
        raise AwsError(
            f"{label}: several keys have the tags of this platform, and none has the alias:"
            f" {arns}. Add the alias to the key that encrypts the data, or remove the tags from"
            " the other keys."
        )
    newest = sorted(keys, key=lambda key: str(key.get("CreationDate", "")), reverse=True)
    return min(newest, key=lambda key: _PREFERENCE.index(key["KeyState"]), default=None)
