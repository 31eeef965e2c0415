"""Helm 4 does what Helm 3 does, on a real API server: the same test, with another program."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from support.checkout import ROOT

LIFE = "tests/unit/roles/test_cluster_addons_releases.py::test_a_release_from_nothing_back_and_away"


def test_helm_4_does_the_same(helm: Path) -> None:
    said = subprocess.run([helm, "version", "--short"], check=True, capture_output=True, text=True)
    assert said.stdout.startswith("v4.")
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "", LIFE],
        cwd=ROOT,
        env={**os.environ, "HELM": str(helm)},
        check=False,
        capture_output=True,
        text=True,
        timeout=400,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
