"""Role images: what looks into images, by stand-ins that note how they are called.

That syft, grype and cosign themselves take it so is what `make supply-chain` shows. trivy is only
here: its options are those of its documentation.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.ansible_runs import Ran, local_play, run_playbook
from support.checkout import ROOT

pytestmark = pytest.mark.slow

PASSWORD = "registry-password-of-the-test"
DIGEST = f"sha256:{'4' * 64}"
BACKEND = f"registry.invalid/ragops-dev/backend@{DIGEST}"
FRONTEND = f"registry.invalid/ragops-dev/frontend@{DIGEST}"
IMAGES = {
    "backend": {"reference": BACKEND, "changed": True},
    "frontend": {"reference": FRONTEND, "changed": False},
    "planned": {"reference": None, "changed": True},
}


STAND_IN = """#!/bin/sh
echo {name} "$@" | sed 's#{folder}/##; s#[^ ]*/key.pub#KEY#' >> {folder}/calls
test "$1" = public-key || cat "$DOCKER_CONFIG/config.json" >> {folder}/logins
for word; do case $word in *.part) : > "$word";; esac; done
case "$1 $*" in "verify "*/backend@*) exit 10;; esac
"""
"""Notes how it is called and with what login; says that the backend's image is not signed."""


def inspect(folder: Path, *programs: str, flags: tuple[str, ...] = (), **inputs: Any) -> Ran:
    """Run the role's part with stand-ins on PATH."""
    tools = folder / "bin"
    tools.mkdir(exist_ok=True)
    for name in programs:
        (tools / name).write_text(STAND_IN.format(name=name, folder=folder))
        (tools / name).chmod(0o755)
    parts = [
        {"name": "ragops.platform.images", "tasks_from": f"{part}.yml"}
        for part in ("programs", "inspect")
    ]
    variables = {
        "images_result": IMAGES,
        "images_registry_username": "AWS",
        "images_registry_password": PASSWORD,
        **inputs,
    }
    tasks = [{"ansible.builtin.include_role": part} for part in parts]
    file = local_play(folder, vars=variables, tasks=tasks)
    path = f"{tools}:{ROOT}/.venv/bin:/usr/bin:/bin"
    return run_playbook(ROOT, file, "-v", *flags, environment={"PATH": path})


def calls(folder: Path) -> list[str]:
    return (folder / "calls").read_text().splitlines()


def test_what_is_not_signed_is_scanned_and_signed_and_all_is_listed(tmp_path: Path) -> None:
    ran = inspect(
        tmp_path,
        *("trivy", "cosign"),
        images_sbom_folder=str(tmp_path),
        images_sign_key="awskms:///alias/x",
    )
    assert ran.returncode == 0, ran.output
    lists = [f"{part}-{'4' * 16}.cdx.json" for part in ("backend", "frontend")]
    asked = "cosign verify --key KEY --insecure-ignore-tlog=true --output=text"
    assert calls(tmp_path) == [
        "cosign public-key --key awskms:///alias/x --outfile KEY",
        f"{asked} {BACKEND}",
        f"{asked} {FRONTEND}",
        f"trivy image --quiet --ignore-unfixed --severity CRITICAL --exit-code 1 {BACKEND}",
        f"trivy image --quiet --format cyclonedx --output {lists[0]}.part {BACKEND}",
        f"trivy image --quiet --format cyclonedx --output {lists[1]}.part {FRONTEND}",
        "cosign sign --yes --key awskms:///alias/x --use-signing-config=false "
        f"--tlog-upload=false {BACKEND}",
    ]
    assert all((tmp_path / name).exists() for name in lists)
    login = json.loads((tmp_path / "logins").read_text().split("}}}")[0] + "}}}")
    assert list(login["auths"]) == ["registry.invalid"]
    assert PASSWORD not in ran.output


def test_without_a_key_each_run_scans_all(tmp_path: Path) -> None:
    assert inspect(tmp_path, "grype").returncode == 0
    scan = "grype --quiet --from registry --only-fixed --fail-on critical"
    assert calls(tmp_path) == [f"{scan} {BACKEND}", f"{scan} {FRONTEND}"]


def test_a_dry_run_asks_and_does_no_more(tmp_path: Path) -> None:
    inputs = {"images_sbom_folder": f"{tmp_path}/lists", "images_sign_key": "k"}
    ran = inspect(tmp_path, "grype", "syft", "cosign", flags=("--check",), **inputs)
    assert ran.returncode == 0, ran.output
    assert [call.split()[1] for call in calls(tmp_path)] == ["public-key", "verify", "verify"]
    assert "this is a dry run" in ran.output
    assert f"signature of {BACKEND}" in ran.output
    assert not (tmp_path / "lists").exists()


def test_what_is_left_out_is_said(tmp_path: Path) -> None:
    ran = inspect(tmp_path)
    assert ran.returncode == 0, ran.output
    for said in ("neither trivy nor grype is installed", "No SBOM", "Not signed"):
        assert said in ran.output
    assert not (tmp_path / "calls").exists()


def test_what_must_be_there_and_is_not_is_an_error(tmp_path: Path) -> None:
    ran = inspect(tmp_path, images_scan="required", images_sign_key="k")
    assert ran.returncode == 2
    assert "scan, sign requested" in " ".join(ran.output.split())
