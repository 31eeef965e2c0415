"""The name of a build, what it says when it cannot be made, and its images."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import tarfile
from pathlib import Path

import pytest

from rehearsal.cluster import build, images
from rehearsal.world import WorldError


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    shutil.copytree(build.SOURCE, folder)
    return folder


def program(folder: Path, name: str, script: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


@pytest.mark.parametrize("changed", ["go.mod", "go.sum", "cmd/kubernetes/main.go"])
def test_the_key_changes_with_every_source(source: Path, changed: str) -> None:
    before = build.key(source, "go1")
    assert before == build.key(source, "go1")
    with (source / changed).open("a") as file:
        file.write("\n")
    assert build.key(source, "go1") != before


def test_the_key_changes_with_the_compiler_and_a_new_program(source: Path) -> None:
    before = build.key(source, "go1")
    assert build.key(source, "go2") != before
    (source / "cmd" / "new.go").touch()
    assert build.key(source, "go1") != before


def test_the_key_does_not_depend_on_where_the_checkout_is(source: Path) -> None:
    assert build.key(source, "go1") == build.key(build.SOURCE, "go1")


def test_without_go_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(WorldError, match=r"Go is missing.*install Go 1\.21"):
        build.build(tmp_path / "cache", print)


def test_an_old_go_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path / "bin", "go", "echo go version go1.19.8 linux/amd64")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(WorldError, match=r"Go 1\.19 is too old"):
        build.build(tmp_path / "cache", print)


def test_a_failed_fetch_leaves_nothing_and_names_the_proxy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = (
        'case $1 in version) echo "go version go1.26.0 linux/amd64";; '
        '*) echo "dial tcp: lookup proxy.golang.org: no such host" >&2; exit 1;; esac'
    )
    program(tmp_path / "bin", "go", script)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(WorldError, match="GOPROXY"):
        build.build(tmp_path / "cache", print)
    assert list((tmp_path / "cache" / "bin").iterdir()) == []


def test_a_finished_build_is_taken_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path / "bin", "go", "echo go version go1.26.0 linux/amd64")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    name = build.key(build.SOURCE, "go version go1.26.0 linux/amd64")
    there = tmp_path / "cache" / "bin" / name
    there.mkdir(parents=True)
    assert build.build(tmp_path / "cache", print) == there


def test_versions_named_in_python_are_those_of_go_mod() -> None:
    modules = dict(re.findall(r"^\s+(\S+) v(\S+)", (build.SOURCE / "go.mod").read_text(), re.M))
    assert modules["k8s.io/kubernetes"] == build.KUBERNETES_VERSION
    assert f"=v{modules['helm.sh/helm/v3']}" in " ".join(build.FLAGS)
    for image, module in (
        (images.COREDNS, "github.com/coredns/coredns"),
        (images.METRICS_SERVER, "sigs.k8s.io/metrics-server"),
        (images.LOCAL_PATH, "github.com/rancher/local-path-provisioner"),
    ):
        assert image.name.partition(":")[2] == modules[module]


def test_an_image_holds_its_programs_and_depends_on_them_only(tmp_path: Path) -> None:
    image = images.Image("pause:1.0", ("pause", "volume"))
    for each in image.programs:
        (tmp_path / each).write_bytes(each.encode())
    for target in ("one.tar", "two.tar"):
        images.write_archive(tmp_path, tmp_path / target, [image])
    assert (tmp_path / "one.tar").read_bytes() == (tmp_path / "two.tar").read_bytes()
    with tarfile.open(tmp_path / "one.tar") as archive:

        def read(name: str) -> bytes:
            member = archive.extractfile(name)
            assert member is not None
            return member.read()

        (entry,) = json.loads(read("manifest.json"))
        assert entry["RepoTags"] == ["registry.rehearsal.internal/kubernetes/pause:1.0"]
        assert json.loads(read(entry["Config"]))["config"]["Entrypoint"] == ["/pause"]
        with tarfile.open(fileobj=io.BytesIO(read(entry["Layers"][0]))) as layer:
            assert layer.getmember("volume").mode == 0o755
