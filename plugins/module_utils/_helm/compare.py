# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""What of a release's objects differs in the cluster: asked of the API server by a dry run.

The server applies defaults and asks its admission, so what it returns is what would be there.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from ..kube import KubeError
from .command import HelmError
from .merge import merged
from .objects import HIDDEN, Cluster, Dict, Key, comparable, fields, parse, shown

WORKERS = 8
TRIES = 5


@dataclass
class Change:
    """An object that differs: its fields before and after, None if it comes or goes.

    drifted: whether it is not what the release's newest revision says, so that helm, which trusts
    that, might not get it right.
    """

    key: Key
    path: str
    before: dict[str, str] | None
    after: dict[str, str] | None
    drifted: bool = False


@dataclass(frozen=True)
class Wish:
    """An object as it was brought out last, and as it shall be; None: not at all."""

    old: Dict | None
    new: Dict | None


def compare(cluster: Cluster, wishes: Mapping[Key, Wish]) -> list[Change]:
    """Return the objects in which the cluster differs from what shall be, sorted.

    Raises:
        KubeError: the cluster can't be read.
        HelmError: the API server would refuse an object.
    """

    def look(key: Key) -> Change | None:
        wish = wishes[key]
        return (
            _gone(cluster, key, wish.old or {})
            if wish.new is None
            else _differs(cluster, key, wish.old, wish.new)
        )

    with ThreadPoolExecutor(WORKERS) as pool:
        changes = pool.map(look, sorted(wishes))
    return [change for change in changes if change]


def wishes_of(cluster: Cluster, namespace: str, old: list[str], new: str) -> dict[Key, Wish]:
    """Return what shall be of each object.

    Args:
        cluster: the cluster.
        namespace: the release's.
        old: manifests of which objects may be there, the newest last.
        new: the manifest that shall be.
    """
    before: dict[Key, Dict] = {}
    for manifest in old:
        before |= {cluster.key(item, namespace): item for item in parse(manifest)}
    wishes = {key: Wish(item, None) for key, item in before.items()}
    for item in parse(new):
        key = cluster.key(item, namespace)
        wishes[key] = Wish(before.get(key), item)
    return wishes


def _gone(cluster: Cluster, key: Key, item: Mapping[str, Any]) -> Change | None:
    """An object that the release no longer has is deleted, unless its chart says to keep it."""
    annotations = item["metadata"].get("annotations") or {}
    path = cluster.path(key)
    if path is None or annotations.get("helm.sh/resource-policy") == "keep":
        return None
    live = cluster.kube.find(path)
    return Change(key, path, _shown(key, fields(comparable(live))), None) if live else None


def _differs(cluster: Cluster, key: Key, old: Dict | None, new: Dict) -> Change | None:
    path = cluster.path(key)
    live = cluster.kube.find(path) if path else None
    if live is None or path is None:
        return Change(key, path or "", None, _shown(key, fields(new)))
    live, then = _put(cluster, key, path, live, old, new)
    now, after = fields(comparable(live)), fields(comparable(then))
    names = {name for name in {**now, **after} if now.get(name) != after.get(name)}
    if not names:
        return None
    return Change(
        key,
        path,
        _shown(key, {name: now[name] for name in now if name in names}),
        # Two hidden values must not look alike.
        _shown(key, {name: after[name] for name in after if name in names}, " (another)"),
        drifted=old is not None and _drifted(cluster, key, path, live, old),
    )


def _drifted(cluster: Cluster, key: Key, path: str, live: Dict, old: Dict) -> bool:
    """Whether an object is not what the revision says that was brought out last."""
    live, then = _put(cluster, key, path, live, old, old)
    return fields(comparable(live)) != fields(comparable(then))


def put_right(cluster: Cluster, change: Change, wish: Wish) -> None:
    """Make an object that has drifted what it shall be, without helm.

    Raises:
        KubeError: it can't be read or written.
    """
    live = cluster.kube.find(change.path)
    if live is not None and wish.new is not None:
        _put(cluster, change.key, change.path, live, wish.old, wish.new, dry=False)


def _put(
    cluster: Cluster,
    key: Key,
    path: str,
    live: Dict,
    old: Dict | None,
    new: Dict,
    dry: bool = True,
) -> tuple[Dict, Dict]:
    """Return the object as it is and as it would be, by the API server's word."""
    query = {"dryRun": "All"} if dry else {"fieldManager": "helm"}
    for attempt in range(TRIES):
        try:
            return live, cluster.kube.replace(path, merged(live, old, new), **query)
        except KubeError as error:
            if error.status == 409 and attempt < TRIES - 1:
                # Its status was written since it was read.
                live = cluster.kube.get(path)
                continue
            if error.status in (400, 403, 422):
                text = f"{key} would be refused, nothing was changed: {error}"
                raise HelmError(text if dry else f"{key}: {error}") from error
            raise
    raise AssertionError("the last try returns or raises")


def _shown(key: Key, values: Mapping[str, Any], mark: str = "") -> dict[str, str]:
    texts = {name: shown(key, name, value) for name, value in sorted(values.items())}
    return {name: text + mark if text == HIDDEN else text for name, text in texts.items()}
