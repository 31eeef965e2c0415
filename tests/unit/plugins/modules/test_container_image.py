"""container_image with a real buildah and a real registry with TLS and a login."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.image_registry import PASSWORD, USER, TestRegistry, registry
from support.module_process import examples, play, run_module

LOGIN = {"username": USER, "password": PASSWORD}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestRegistry]:
    """The registry."""
    assert shutil.which("buildah"), "buildah is needed: apt-get install buildah"
    with registry(tmp_path_factory.mktemp("registry")) as running:
        yield running


@pytest.fixture
def env(store: TestRegistry, tmp_path: Path) -> dict[str, str]:
    """Environment with trust in the registry and image storage of its own."""
    settings = (
        f'[storage]\ndriver = "vfs"\ngraphroot = "{tmp_path}/root"\nrunroot = "{tmp_path}/run"\n'
    )
    (tmp_path / "storage.conf").write_text(settings)
    storage = {"CONTAINERS_STORAGE_CONF": str(tmp_path / "storage.conf")}
    return {**store.environment, **storage, "BUILDAH_ISOLATION": "chroot"}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A small build context."""
    folder = tmp_path / "source"
    (folder / "sub").mkdir(parents=True)
    lines = ["ARG WHO=nobody", "FROM scratch", "ARG WHO", "LABEL who=$WHO", "COPY . /app"]
    (folder / "Containerfile").write_text("\n".join(lines) + "\n")
    (folder / "app.txt").write_text("one\n")
    (folder / "sub" / "more.txt").write_text("two\n")
    return folder


def image(store: TestRegistry, folder: Path, name: str, **options: Any) -> dict[str, Any]:
    """One entry of the option images."""
    return {"context": str(folder), "repository": f"{store.host}/{name}", **options}


def build(env: dict[str, str], *images: dict[str, Any], **options: Any) -> dict[str, Any]:
    """Run the module with buildah."""
    control = {key: options.pop(key) for key in ("check", "fails") if key in options}
    arguments = {"images": list(images), "engine": "buildah", **LOGIN, **options}
    return run_module("container_image", arguments, env=env, **control)


def test_builds_only_what_the_registry_lacks(
    store: TestRegistry, env: dict[str, str], source: Path
) -> None:
    """Check, build, again, change, again."""
    one = image(store, source, "team/one", build_args={"WHO": "me"}, labels={"stage": "test"})
    planned = build(env, one, check=True)
    assert planned["changed"]
    assert planned["images"][0]["reference"] is None
    assert planned["engine"] is None

    done = build(env, one)
    first = done["images"][0]
    assert first["tag"] == planned["images"][0]["tag"]
    assert first["reference"] == f"{store.host}/team/one@{first['digest']}"
    assert first["build_seconds"] > 0
    assert done["engine"] == "buildah"
    name = f"image {first['name']}"
    assert done["diff"]["before"] == {}
    assert done["diff"]["after"] == {name: {"digest": first["digest"]}}
    assert done["diff"]["ids"] == {name: first["image"]}
    shown = subprocess.run(
        ["buildah", "inspect", "--type", "image", first["image"]],
        env={**os.environ, **env},
        capture_output=True,
        check=True,
    )
    labels = json.loads(shown.stdout)["OCIv1"]["config"]["Labels"]
    assert (labels["who"], labels["stage"]) == ("me", "test")

    for check in (True, False):
        again = build(env, one, check=check)
        assert not again["changed"]
        assert again["images"][0]["digest"] == first["digest"]
        assert again["diff"]["before"] == again["diff"]["after"]

    (source / "app.txt").write_text("changed\n")
    changed = build(env, one)["images"][0]
    assert changed["tag"] != first["tag"]
    assert changed["digest"] != first["digest"]


def test_images_in_one_run_and_a_failure(
    store: TestRegistry, env: dict[str, str], source: Path, tmp_path: Path
) -> None:
    """A failing build ends with its log; the images before it are done and kept."""
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "Dockerfile").write_text("FROM scratch\nCOPY not-there /\n")
    good, bad = image(store, source, "team/good"), image(store, broken, "team/bad")
    failed = build(env, good, bad, fails=True)
    assert "build of" in failed["msg"]
    assert "not-there" in failed["build_log"]
    assert "not-there" in failed["msg"]
    assert failed["images"][0]["digest"]
    assert not build(env, good)["changed"]


def test_errors_name_cause_and_remedy_before_any_build(
    store: TestRegistry, env: dict[str, str], source: Path, tmp_path: Path
) -> None:
    """Bad input, wrong password, no trust, no server: told apart, nothing is built."""
    one = image(store, source, "team/errors")
    said = build(env, one, password="a-wrong-password", fails=True)
    assert "refuses access" in said["msg"]
    assert "check username and password" in said["msg"]
    assert "a-wrong-password" not in json.dumps(said)
    untrusting = {**env, "SSL_CERT_FILE": "/etc/ssl/certs/ca-certificates.crt"}
    assert "certificate verify failed" in build(untrusting, one, fails=True)["msg"]
    nowhere = {**one, "repository": "127.0.0.1:1/team/x"}
    assert "cannot be read" in build(env, nowhere, fails=True)["msg"]
    no_host = {**one, "repository": "team/x"}
    assert "must be a registry host" in build(env, no_host, fails=True)["msg"]
    empty = image(store, tmp_path / "absent", "team/x")
    assert "is not a folder" in build(env, empty, fails=True)["msg"]
    volume = {**one, "volumes": ["/not/there:/x"]}
    assert (
        "volume '/not/there:/x' must be written as /host:/container"
        in build(env, volume, fails=True)["msg"]
    )
    missing = {**env, "PATH": str(tmp_path)}
    if shutil.which("git"):
        said = build(missing, one, fails=True)
        assert "buildah is needed to build and is not on PATH" in said["msg"]


def test_password_is_in_a_private_file_and_on_no_command_line(
    store: TestRegistry, env: dict[str, str], source: Path, tmp_path: Path
) -> None:
    """A program in buildah's place sees a login file that only its owner reads."""
    programs = tmp_path / "programs"
    programs.mkdir()
    spy = programs / "buildah"
    find_auth = "sed 's/.*--authfile \\([^ ]*\\).*/\\1/'"
    spy.write_text(
        "#!/bin/sh\n"
        f'echo "$@" >> {tmp_path}/argv\n'
        f'stat -c %a "$(echo "$@" | {find_auth})" >> {tmp_path}/mode\n'
        f'exec {shutil.which("buildah")} "$@"\n'
    )
    spy.chmod(0o755)
    watched = {**env, "PATH": f"{programs}:{os.environ['PATH']}"}
    done = build(watched, image(store, source, "team/secret"))
    assert done["changed"]
    written = (tmp_path / "argv").read_text()
    assert PASSWORD not in written
    assert len(written.splitlines()) == 2
    assert set((tmp_path / "mode").read_text().split()) == {"600"}
    auth = written.split("--authfile ")[1].split()[0]
    assert not Path(auth).exists()
    assert PASSWORD not in json.dumps({**done, "invocation": None})


def test_a_hanging_build_is_ended(
    store: TestRegistry, env: dict[str, str], source: Path, tmp_path: Path
) -> None:
    """The time limit holds and the log so far is shown."""
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "podman").write_text("#!/bin/sh\necho step one\nsleep 60\n")
    (programs / "podman").chmod(0o755)
    slow = {**env, "PATH": f"{programs}:{os.environ['PATH']}"}
    one = image(store, source, "team/slow")
    said = build(slow, one, engine="podman", timeout=1, fails=True)
    assert "took longer than 1 s" in said["msg"]
    assert said["build_log"] == "step one"


def test_a_build_that_goes_on_is_told_of(
    store: TestRegistry, env: dict[str, str], source: Path, tmp_path: Path
) -> None:
    """Ansible shows nothing of minutes of building; the callback prints what stands here."""
    (tmp_path / "told").mkdir()
    (tmp_path / "programs").mkdir()
    program = tmp_path / "programs/podman"
    read = "until cat $RAGOPS_PROGRESS/*.json 2>/dev/null; do sleep 0.1; done"
    program.write_text(f"#!/bin/sh\n{read}\nexit 1\n")
    program.chmod(0o755)
    heard = {
        "RAGOPS_PROGRESS": f"{tmp_path}/told",
        "PATH": f"{program.parent}:{os.environ['PATH']}",
    }
    one = image(store, source, "team/slow")
    said = build({**env, **heard}, one, engine="podman", timeout=20, fails=True)
    told = json.loads(said["build_log"])
    assert told["about"].startswith(f"build of {store.host}/team/slow:")
    assert (told["state"], told["timeout"]) == ("at work", 20)
    assert not list((tmp_path / "told").iterdir()), "it is told of after its end"


def test_examples(store: TestRegistry, env: dict[str, str], source: Path, tmp_path: Path) -> None:
    """The documented task runs, on the test's folders and registry."""
    task = examples("container_image")[0]
    options = task["ragops.platform.container_image"]
    options["password"] = PASSWORD
    for one in options["images"]:
        one["context"] = str(source)
        one["repository"] = f"{store.host}/{one['repository'].split('/', 1)[1]}"
    (built,) = play([task], tmp_path, env)
    assert [one["name"] for one in built["images"]] == ["backend", "frontend"]
    assert all(one["digest"].startswith("sha256:") for one in built["images"])
