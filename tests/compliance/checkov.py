"""Checkov, in an environment of its own from its lock file, and what it found."""

from __future__ import annotations

import json
import subprocess
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from rehearsal.caches import environment
from rehearsal.paths import Places


@dataclass
class Findings:
    """What was found. passed, failed: resources by id of the check; names: what it asks for."""

    passed: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    failed: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    names: dict[str, str] = field(default_factory=dict)
    version: str = ""


def install() -> Path:
    """The program, installed into the cache by its hashes unless it is there."""
    return environment("checkov", Places.from_environment(), print) / "bin/checkov"


def run(framework: str, *where: str, findings: Findings) -> None:
    """Run all checks of a framework; where: checkov's --file or --directory.

    Raises:
        AssertionError: it did not read all that it was given.
    """
    done = subprocess.run(
        # Without the download nothing is asked of anybody.
        [str(install()), "--framework", framework, *where, "--output", "json", "--skip-download"],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.stdout.lstrip().startswith("{"), done.stdout + done.stderr
    answer = json.loads(done.stdout)
    findings.version = answer["summary"]["checkov_version"]
    report = answer["results"]
    assert not report["parsing_errors"], report["parsing_errors"]
    for outcome, kept in (("passed_checks", findings.passed), ("failed_checks", findings.failed)):
        for check in report[outcome]:
            kept[check["check_id"]].add(check["resource"])
            findings.names[check["check_id"]] = check["check_name"]
