"""Programs that only say their version: what preflight looks for on a machine."""

from __future__ import annotations

import os
from pathlib import Path

from support.emulator import Aws

SAID = {
    "helm": "v3.20.0+g0",
    "buildah": "buildah",
    "session-manager-plugin": "1.2.707.0",
}
"""What each says."""


def environment(aws: Aws, folder: Path, **others: str) -> dict[str, str]:
    """The environment of a run: an AWS, no cluster, and the programs, made in a folder.

    others: programs that are there beside, or that say something else.
    """
    for name, says in {**SAID, **others}.items():
        program = folder / name
        program.write_text(f"#!/bin/sh\necho {says}\n")
        program.chmod(0o755)
    return {**aws.environment, "PATH": f"{folder}:{os.environ['PATH']}", "KUBECONFIG": ""}
