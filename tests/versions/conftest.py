"""Another ansible-core and another helm than those that everything else is tested with."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.checkout import ROOT
from support.emulator import Aws, adjusted

from rehearsal.caches import making
from rehearsal.cluster.golang import Module
from rehearsal.paths import Places

HELM = Path(__file__).parent / "helm-4"
"""A Go module that has helm 4 as its tool."""

UV = ROOT / ".venv/bin/uv"


def environment(folder: Path, python: str, lock: str) -> Path:
    """Make an environment from a lock file of requirements/, and return its ansible-playbook."""
    subprocess.run(
        [UV, "venv", "--quiet", "--no-python-downloads", "--python", python, folder], check=True
    )
    argv = [UV, "pip", "sync", "--quiet", "--require-hashes", "--python", folder / "bin/python"]
    subprocess.run([*argv, ROOT / "requirements" / lock], check=True)
    return folder / "bin/ansible-playbook"


def newer_python() -> str | None:
    """A Python 3.12, which the newest bundle needs: on PATH, or one that pyenv keeps."""
    kept = sorted(Path.home().glob(".pyenv/versions/3.12.*/bin/python3.12"))
    for candidate in ("python3.12", *map(str, reversed(kept))):
        try:
            done = subprocess.run([candidate, "-c", ""], check=False, capture_output=True)
        except FileNotFoundError:
            continue
        if done.returncode == 0:
            return candidate
    return None


@pytest.fixture(scope="session")
def oldest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """ansible-playbook of an ansible-core that can't give a true plan."""
    return environment(tmp_path_factory.mktemp("oldest") / "venv", sys.executable, "oldest.txt")


@pytest.fixture(scope="session")
def newest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """ansible-playbook of the newest `ansible` bundle."""
    python = newer_python()
    if python is None:
        pytest.skip("the newest bundle needs Python 3.12, and there is none: install python3.12")
    return environment(tmp_path_factory.mktemp("newest") / "venv", python, "newest.txt")


@pytest.fixture(scope="session")
def helm() -> Path:
    """Helm 4, compiled once from its own sources."""
    version = re.findall(r"helm.sh/helm/v4 (v[0-9.]+)", (HELM / "go.mod").read_text())[0]
    stamp = f"-ldflags=-s -w -X helm.sh/helm/v4/internal/version.version={version}"
    module = Module("Helm 4", HELM, ("-trimpath", "-buildvcs=false", "-mod=readonly", stamp))
    parts = [module.version(), *module.flags, (HELM / "go.sum").read_text()]
    target = (
        Places.from_environment().cache
        / "helm-4"
        / hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
    )
    with making(target) as draft:
        if draft is not None:
            module.compile(draft, ["helm.sh/helm/v4/cmd/helm"], print)
    return target / "helm"


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    with adjusted(tmp_path_factory.mktemp("aws") / "requests.jsonl") as aws:
        yield aws


@pytest.fixture
def aws(emulator: Aws) -> Aws:
    """An empty emulated account."""
    emulator.reset()
    return emulator
