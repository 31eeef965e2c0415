"""The platform's own images, scanned, listed and signed by its own playbook: `make supply-chain`.

The world has no way out, so whatever asked the internet would fail. Each test goes on where the
one before it stopped: run with -x.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from conftest import Outcome, inside, playbook

from rehearsal import supply_chain
from rehearsal.paths import Places

pytestmark = pytest.mark.usefixtures("world")
PASSWORD = "password-of-the-key"
INSTALLERS = {
    *("pip", "setuptools", "wheel", "npm", "corepack", "yarn", "pnpm"),
    *("python3-pip", "python3-pip-whl", "python3-setuptools", "python3-setuptools-whl"),
    *("python3-wheel", "python3-venv", "python3.11-venv", "node-corepack"),
}


@dataclass
class Bench:
    """Key, lists and grype's database of this test. environment: of commands inside."""

    folder: Path
    environment: dict[str, str]

    def run(self, *argv: str) -> Outcome:
        return inside(*argv, env=self.environment)

    def know(self, package: str) -> None:
        """Give grype a database with one flaw, of this package."""
        made = self.folder / "database"
        made.mkdir(exist_ok=True)
        flaw = ("MADE-UP-1", "critical", package, "99.0")
        assert self.run("knownflaw", str(made), *flaw).returncode == 0
        assert self.run("grype", "db", "import", str(made / "vulnerability.db")).returncode == 0

    def images(self, *flags: str) -> Outcome:
        """Run the playbook with all that it can do."""
        inputs = {
            "images_scan": "required",
            "images_sbom_folder": str(self.folder / "lists"),
            "images_sign_key": str(self.folder / "ours.key"),
        }
        arguments = ("-e", json.dumps(inputs), *flags)
        return playbook("playbooks/images.yml", *arguments, env=self.environment)

    def listed(self, part: str) -> dict[str, Any]:
        """The list of an image."""
        (file,) = (self.folder / "lists").glob(f"{part}-*.cdx.json")
        found: dict[str, Any] = json.loads(file.read_text())
        return found

    def verify(self, part: str, key: str) -> Outcome:
        """Ask for a signature of the image that the list is of."""
        of = self.listed(part)["metadata"]["component"]
        options = ("--key", f"{self.folder}/{key}.pub", "--insecure-ignore-tlog=true")
        return self.run("cosign", "verify", *options, f"{of['name']}@{of['version']}")


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """With the repositories that images need, and two pairs of keys."""
    folder = tmp_path_factory.mktemp("supply-chain")
    programs = supply_chain.programs(Places.from_environment(), print)
    made = Bench(
        folder,
        {
            "PATH": f"{programs}:{os.environ['PATH']}",
            "COSIGN_PASSWORD": PASSWORD,
            "GRYPE_DB_CACHE_DIR": str(folder / "grype"),
            "GRYPE_DB_AUTO_UPDATE": "false",
            "GRYPE_CHECK_FOR_APP_UPDATE": "false",
            "SYFT_CHECK_FOR_APP_UPDATE": "false",
        },
    )
    for name in ("ours", "theirs"):
        pair = f"--output-key-prefix={folder}/{name}"
        assert made.run("cosign", "generate-key-pair", pair).returncode == 0
    alone = ("--limit", "kms,ecr", "--skip-tags", "preflight")
    assert playbook("site.yml", *alone).returncode == 0
    return made


def test_what_a_scan_finds_keeps_both_runs_from_signing(bench: Bench) -> None:
    bench.know("fastapi")
    for _ in range(2):
        outcome = bench.images()
        assert outcome.returncode == 2
        assert "MADE-UP-1" in outcome.output
        assert not (bench.folder / "lists").exists()


def test_the_images_are_listed_and_signed(bench: Bench) -> None:
    bench.know("no-such-package")
    outcome = bench.images()
    assert outcome.returncode == 0
    assert PASSWORD not in outcome.output
    for part in ("backend", "frontend"):
        assert bench.verify(part, "ours").returncode == 0
        assert bench.verify(part, "theirs").returncode != 0


@pytest.mark.parametrize(
    ("part", "there"),
    [
        ("backend", {"fastapi", "pymilvus", "asyncpg", "libc6", "python3.11"}),
        ("frontend", {"next", "react", "libc6", "nodejs"}),
    ],
)
def test_a_list_names_what_is_there_and_nothing_that_installs(
    bench: Bench, part: str, there: set[str]
) -> None:
    named = {each["name"] for each in bench.listed(part)["components"]}
    print(f"= {part}: {len(named)} names")
    assert there <= named
    assert named & INSTALLERS == set()


def test_the_next_run_changes_nothing(bench: Bench) -> None:
    for flags in ((), ("--check", "--diff")):
        outcome = bench.images(*flags)
        assert outcome.returncode == 0
        assert outcome.changed == {}
