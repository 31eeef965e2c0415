"""What nodes keep of an earlier world: images, no pods."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from rehearsal.cluster import stores
from rehearsal.world import World

CLAIM = """
import sys
from pathlib import Path
from rehearsal.cluster import stores
from rehearsal.world import World
print(stores.claim(World(Path(sys.argv[1]), Path(sys.argv[2]))), flush=True)
sys.stdin.read()
"""


def test_one_world_has_the_stores_of_the_cache_until_its_process_ends(tmp_path: Path) -> None:
    told: list[str] = []
    world = World(tmp_path / "data", tmp_path / "cache", told.append)
    with subprocess.Popen(
        [sys.executable, "-c", CLAIM, tmp_path / "other", world.cache],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline().strip() == str(world.cache / "nodes")
        assert stores.claim(world) == world.data / "cluster" / "stores"
        assert told == ["another world has the nodes' images: these nodes pull their own"]
        other.communicate("")
    assert stores.claim(world) == world.cache / "nodes"


def test_stores_of_other_images_are_not_used(tmp_path: Path) -> None:
    """A tag is pulled once: what it named before would stay."""
    world = World(tmp_path / "data", tmp_path / "cache", lambda _: None)
    for run in (CLAIM, CLAIM):
        argv = [sys.executable, "-c", run, str(world.data), str(world.cache)]
        subprocess.run(argv, input="", text=True, check=True, capture_output=True)
        (world.cache / "nodes/first/layers").mkdir(parents=True, exist_ok=True)
    assert (world.cache / "nodes/first").is_dir()
    (world.cache / "nodes/images").write_text("another key")
    stores.claim(world)
    assert not (world.cache / "nodes/first").exists()


def test_layers_stay_and_what_told_of_pods_goes(tmp_path: Path) -> None:
    layers = tmp_path / "node" / "io.containerd.snapshotter.v1.overlayfs" / "snapshots"
    pods = [tmp_path / "node" / name / "an-ended-one" for name in stores.OF_ONE_LIFE]
    for folder in (layers / "1", *pods):
        folder.mkdir(parents=True)
    assert stores.prepare(tmp_path / "node") == tmp_path / "node"
    assert (layers / "1").is_dir()
    assert [folder for folder in pods if folder.exists()] == []


def test_a_store_that_has_grown_begins_anew(tmp_path: Path) -> None:
    layers = tmp_path / "node" / "io.containerd.snapshotter.v1.overlayfs" / "snapshots"
    for number in range(stores.LAYERS_KEPT + 1):
        (layers / str(number)).mkdir(parents=True)
    stores.prepare(tmp_path / "node")
    assert list((tmp_path / "node").iterdir()) == []
