"""container_image_copy between repositories of a real registry, with crane."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.image_registry import PASSWORD, USER, TestRegistry, registry
from support.module_process import examples, play, run_module

Dict = dict[str, Any]
LOGIN = {"username": USER, "password": PASSWORD}
LOGINS = {**LOGIN, "source_username": USER, "source_password": PASSWORD}
NOWHERE = f"sha256:{'0' * 64}"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestRegistry]:
    with registry(tmp_path_factory.mktemp("registry")) as running:
        yield running


def find_crane() -> Path:
    """crane, on PATH or of the rehearsal's programs."""
    cache = Path(os.environ.get("RAGOPS_CACHE", Path.home() / ".cache/ragops"))
    found = [*cache.glob("*/*/crane"), *cache.glob("*/crane")]
    if program := shutil.which("crane"):
        found.insert(0, Path(program))
    assert found, "crane is needed: `.venv/bin/rehearsal setup` builds it"
    return found[0]


@pytest.fixture(scope="module")
def env(store: TestRegistry) -> dict[str, str]:
    path = f"{find_crane().parent}:{os.environ['PATH']}"
    return {**store.environment, "PATH": path}


@pytest.fixture(scope="module")
def built(
    store: TestRegistry, env: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Dict:
    """An image in repository dev/backend."""
    folder = tmp_path_factory.mktemp("build")
    (folder / "storage.conf").write_text(
        f'[storage]\ndriver = "vfs"\ngraphroot = "{folder}/root"\nrunroot = "{folder}/run"\n'
    )
    source = folder / "source"
    source.mkdir()
    (source / "Containerfile").write_text("FROM scratch\nCOPY app.txt /\n")
    (source / "app.txt").write_text("one\n")
    storage = {
        "CONTAINERS_STORAGE_CONF": str(folder / "storage.conf"),
        "BUILDAH_ISOLATION": "chroot",
    }
    images = [{"context": str(source), "repository": f"{store.host}/dev/backend"}]
    made = run_module("container_image", {"images": images, **LOGIN}, env={**env, **storage})
    image: Dict = made["images"][0]
    return image


def wish(store: TestRegistry, built: Dict, to: str, **other: str) -> Dict:
    given = {
        "name": "backend",
        "source": built["repository"],
        "digest": built["digest"],
        "repository": f"{store.host}/{to}",
        "tag": built["tag"],
    }
    return {"images": [{**given, **other}], **LOGINS}


def test_a_copy_has_the_same_digest_and_is_made_once(
    store: TestRegistry, env: dict[str, str], built: Dict
) -> None:
    wanted = wish(store, built, "staging/backend")
    planned = run_module("container_image_copy", wanted, env=env, check=True)
    assert planned["changed"]
    assert run_module("container_image_copy", wanted, env=env, check=True)["changed"]
    done = run_module("container_image_copy", wanted, env=env)
    assert done["diff"] == planned["diff"]
    image = done["images"][0]
    assert image["reference"] == f"{store.host}/staging/backend@{built['digest']}"
    assert image["changed"]
    again = run_module("container_image_copy", wanted, env=env)
    assert not again["changed"]
    assert not again["images"][0]["changed"]
    assert PASSWORD not in json.dumps(done)


def test_what_is_not_there_is_refused_before_anything_is_copied(
    store: TestRegistry, env: dict[str, str], built: Dict
) -> None:
    first = wish(store, built, "prod/backend")
    second = wish(store, built, "prod/other", digest=NOWHERE)
    both = {**first, "images": [*first["images"], *second["images"]]}
    found = run_module("container_image_copy", both, env=env, fails=True)
    assert f"dev/backend@{NOWHERE} is not in the registry any more" in found["msg"]
    assert not found["changed"]
    assert run_module("container_image_copy", first, env=env, check=True)["changed"]


def test_a_tag_is_never_moved(store: TestRegistry, env: dict[str, str], built: Dict) -> None:
    run_module("container_image_copy", wish(store, built, "moved/backend"), env=env)
    other = wish(store, built, "moved/backend", digest=NOWHERE)
    found = run_module("container_image_copy", other, env=env, fails=True)
    assert "tags are never moved" in found["msg"]


def test_a_refused_login_and_a_missing_tool_are_named(
    store: TestRegistry, env: dict[str, str], built: Dict
) -> None:
    wanted = wish(store, built, "refused/backend")
    wrong = {**wanted, "password": "wrong-password"}
    found = run_module("container_image_copy", wrong, env=env, fails=True)
    assert "refuses access" in found["msg"]
    without = {**env, "PATH": "/nowhere"}
    found = run_module("container_image_copy", wanted, env=without, fails=True)
    assert "crane or skopeo is needed" in found["msg"]
    found = run_module("container_image_copy", {**wanted, "timeout": 0}, env=env, fails=True)
    assert "took longer than 0 s" in found["msg"]


def test_the_example_runs(
    store: TestRegistry, env: dict[str, str], built: Dict, tmp_path: Path
) -> None:
    """With the registry of this test in the place of ECR's."""
    text = json.dumps(examples("container_image_copy"))
    for old, new in {
        "111122223333.dkr.ecr.us-east-1.amazonaws.com": store.host,
        "444455556666.dkr.ecr.us-east-1.amazonaws.com": store.host,
        "ragops-staging/backend": "dev/backend",
        "src-0f3a5c9d2b7e4f10": built["tag"],
        "sha256:4f1c0f7c0a5e1d3a6a4f0b0d5c2b8e6a7d9c1e3f5a7b9d0c2e4f6a8b0d1e3f50": built["digest"],
        "{{ staging_password }}": PASSWORD,
        "{{ production_password }}": PASSWORD,
    }.items():
        assert old in text
        text = text.replace(old, new)
    (result,) = play(json.loads(text), tmp_path, env)
    assert result["images"][0]["repository"] == f"{store.host}/ragops-prod/backend"
    assert result["changed"]
