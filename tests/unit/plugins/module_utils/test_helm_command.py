"""Which helm is taken, by the version that it says it is, and how each is called."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from ansible_collections.ragops.platform.plugins.module_utils._helm.command import (
    Chart,
    Helm,
    HelmError,
)


def fake(folder: Path, says: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A helm that says a version, and writes down how it is called otherwise; where that is."""
    calls = folder / "calls"
    if says:
        script = f'#!/bin/sh\n[ "$1" = version ] || {{ echo "$*" >>{calls}; exit; }}\n{says}\n'
        (folder / "helm").write_text(script)
        (folder / "helm").chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    return calls


@pytest.mark.parametrize(
    ("says", "refused"),
    [
        ("echo v3.13.0", ""),
        ("echo v3.20.2", ""),
        ("echo v4.3.2", ""),
        ("echo v3.12.3", "helm 3.13 or newer, or helm 4, is needed, found v3.12.3: install one"),
        ("echo v2.17.0", "is needed, found v2.17.0"),
        ("echo v5.0.0", "is needed, found v5.0.0"),
        ("echo unknown", "is needed, found unknown"),
        ("echo 'Error: broken' >&2; exit 1", "helm version web in shop: broken"),
        ("", "is needed and is not on PATH"),
    ],
)
def test_a_version_that_is_not_known_is_refused(
    says: str, refused: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake(tmp_path, says, monkeypatch)
    with pytest.raises(HelmError, match=refused) if refused else contextlib.nullcontext():
        assert Helm("", "", "shop", "web", 10).version >= (3, 13)


@pytest.mark.parametrize("version", ["v3.20.2", "v4.3.2"])
def test_objects_are_applied_by_the_client_whatever_the_version(
    version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Helm 4's default, by the server, stops at the first field that somebody else has set."""
    calls = fake(tmp_path, f"echo {version}", monkeypatch)
    helm = Helm("", "", "shop", "web", 10)
    helm.upgrade(Chart("./web", "", "", {}, "rag-dev"), 5)
    helm.rollback(1, 5)
    helm.uninstall()
    said = calls.read_text().splitlines()
    by_the_client = version.startswith("v4")
    asked = ["--server-side=false" in line for line in said]
    assert asked == [by_the_client, by_the_client, False]
    assert "--labels=ragops.platform/platform=rag-dev" in said[0]
    assert said[2] == "uninstall web --wait --timeout=10s --namespace=shop"
