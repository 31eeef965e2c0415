"""What the nodes' container runtimes keep on the disk: images outlive the world, as on real nodes.

Unpacking them again takes most of a rollout's time, and removing them most of `down`'s.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
from pathlib import Path

from rehearsal import world as w
from rehearsal.images import recipes

LAYERS_KEPT = 24
"""Unpacked layers that a node keeps (about 5 GB): with more, it starts with none."""

OF_ONE_LIFE = ("io.containerd.grpc.v1.cri", "io.containerd.runtime.v2.task")
"""Folders of a store that tell of pods: those of an ended world must not come back."""


def claim(world: w.World) -> Path:
    """The folder of this world's stores: in the cache, or its own if another world has that.

    The claim ends with this process, which is the world's first. The world's own images have
    fixed tags, which a node does not pull twice: when they were made anew, nodes start with none.
    """
    folder = world.cache / "nodes"
    folder.mkdir(parents=True, exist_ok=True)
    lock = os.open(folder / "lock", os.O_CREAT | os.O_RDWR)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        world.say("another world has the nodes' images: these nodes pull their own")
        return world.data / "cluster" / "stores"
    mark = folder / "images"
    if not mark.exists() or mark.read_text() != recipes.key():
        for store in folder.iterdir():
            if store.is_dir():
                shutil.rmtree(store)
        mark.write_text(recipes.key())
    return folder


def prepare(store: Path) -> Path:
    """Make a node's store ready for a new life of it: with images, without pods."""
    layers = store / "io.containerd.snapshotter.v1.overlayfs/snapshots"
    with contextlib.suppress(FileNotFoundError):  # a new store
        if len(list(layers.iterdir())) > LAYERS_KEPT:
            shutil.rmtree(store)
    store.mkdir(parents=True, exist_ok=True)
    for name in OF_ONE_LIFE:
        shutil.rmtree(store / name, ignore_errors=True)
    return store
