"""Which helm is taken, by the version that it says it is."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from ansible_collections.ragops.platform.plugins.module_utils._helm.command import Helm, HelmError

HELM = Helm("", "", "shop", "web", 10)


@pytest.mark.parametrize(
    ("says", "refused"),
    [
        ("echo v3.20.2", ""),
        ("echo v4.3.2", "helm 3 is needed, found v4.3.2: install version 3 and put it first"),
        ("echo v2.17.0", "helm 3 is needed, found v2.17.0"),
        ("echo 'Error: broken' >&2; exit 1", "helm version web in shop: broken"),
        ("", "helm 3 is needed and isn't on PATH"),
    ],
)
def test_another_major_version_is_refused(
    says: str, refused: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if says:
        (tmp_path / "helm").write_text(f"#!/bin/sh\n{says}\n")
        (tmp_path / "helm").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(HelmError, match=refused) if refused else contextlib.nullcontext():
        HELM.check()
