"""Role images: what looks into images, by stand-ins that note how they are called.

The programs themselves are not here; their options are those of their documentation.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml
from running import ROOT, Ran, run_playbook

PASSWORD = "registry-password-of-the-test"
DIGEST = f"sha256:{'4' * 64}"
NEW = f"registry.invalid/ragops-dev/backend@{DIGEST}"
IMAGES = {
    "backend": {"reference": NEW, "changed": True},
    "frontend": {"reference": "registry.invalid/ragops-dev/frontend@sha256:0", "changed": False},
}


def inspect(folder: Path, *programs: str, **inputs: Any) -> Ran:
    """Run the role's part with stand-ins on PATH."""
    tools = folder / "bin"
    tools.mkdir(exist_ok=True)
    for name in programs:
        noted = f'echo {name} "$@" >> {folder}/calls'
        text = f"#!/bin/sh\n{noted}\ncat $DOCKER_CONFIG/config.json >> {folder}/logins\n"
        (tools / name).write_text(text)
        (tools / name).chmod(0o755)
    role = {"name": "ragops.platform.images", "tasks_from": "inspect.yml"}
    book = {
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "vars": {
            "ansible_python_interpreter": "{{ ansible_playbook_python }}",
            "images_result": IMAGES,
            "images_registry_username": "AWS",
            "images_registry_password": PASSWORD,
            **inputs,
        },
        "tasks": [{"name": "Look into them", "ansible.builtin.include_role": role}],
    }
    (folder / "play.yml").write_text(yaml.safe_dump([book]))
    path = f"{tools}:{ROOT}/.venv/bin:/usr/bin:/bin"
    return run_playbook(ROOT, str(folder / "play.yml"), "-v", environment={"PATH": path})


def test_what_is_built_is_scanned_listed_and_signed(tmp_path: Path) -> None:
    ran = inspect(
        tmp_path,
        *("trivy", "cosign"),
        images_sbom_folder=str(tmp_path),
        images_sign_key="awskms:///alias/x",
    )
    assert ran.returncode == 0, ran.output
    calls = (tmp_path / "calls").read_text().splitlines()
    listed = tmp_path / f"backend-{'4' * 16}.cdx.json"
    assert calls == [
        f"trivy image --quiet --ignore-unfixed --severity CRITICAL --exit-code 1 {NEW}",
        f"trivy image --quiet --format cyclonedx --output {listed} {NEW}",
        f"cosign sign --yes --key awskms:///alias/x {NEW}",
    ]
    login = json.loads((tmp_path / "logins").read_text().split("}}}")[0] + "}}}")
    assert list(login["auths"]) == ["registry.invalid"]
    assert PASSWORD not in ran.output


def test_what_is_left_out_is_said(tmp_path: Path) -> None:
    ran = inspect(tmp_path)
    assert ran.returncode == 0, ran.output
    for said in ("neither trivy nor grype is installed", "No SBOM", "Not signed"):
        assert said in ran.output
    assert not (tmp_path / "calls").exists()


def test_what_must_be_there_and_is_not_is_an_error(tmp_path: Path) -> None:
    ran = inspect(tmp_path, images_scan="required", images_sign_key="k")
    assert ran.returncode == 2
    assert "scan, sign asked for" in " ".join(ran.output.split())
