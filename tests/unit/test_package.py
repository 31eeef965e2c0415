"""The collection as people get it: an archive in an empty path, used from another folder."""

from __future__ import annotations

import json
import subprocess
import sysconfig
import tarfile
from pathlib import Path

import pytest
import yaml
from support.ansible_runs import Ran, ansible_environment
from support.checkout import BIN, ROOT
from support.emulator import Aws

BUNDLE = Path(sysconfig.get_paths()["purelib"])
"""Where the collections are that ours depends on."""


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive of this checkout."""
    folder = tmp_path_factory.mktemp("built")
    argv = [BIN / "ansible-galaxy", "collection", "build", "--output-path", folder, ROOT]
    subprocess.run(argv, check=True, capture_output=True, cwd=folder)
    return next(folder.glob("*.tar.gz"))


@pytest.fixture(scope="module")
def installed(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive in a path of its own, its dependencies found beside it and none left out."""
    path = tmp_path_factory.mktemp("installed")
    argv = [BIN / "ansible-galaxy", "collection", "install", archive, "-p", path, "--offline"]
    done = subprocess.run(
        argv,
        cwd=path,
        capture_output=True,
        text=True,
        env=ansible_environment({"ANSIBLE_COLLECTIONS_PATH": f"{path}:{BUNDLE}"}),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return path


def play(installed: Path, aws: Aws, playbook: str, *arguments: str, **environment: str) -> Ran:
    """Run a playbook of the installed collection from a folder that has nothing to do with it."""
    folder = installed / "elsewhere"
    folder.mkdir(exist_ok=True)
    inventory = installed / "ansible_collections/ragops/platform/inventories/dev"
    search = {"ANSIBLE_COLLECTIONS_PATH": f"{installed}:{BUNDLE}"}
    done = subprocess.run(
        [BIN / "ansible-playbook", f"ragops.platform.{playbook}", "-i", inventory, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
        env=ansible_environment({**search, **aws.environment, **environment}),
    )
    return Ran(done.returncode, done.stdout + done.stderr, {}, {})


def test_a_plan_is_made_from_elsewhere(installed: Path, aws: Aws) -> None:
    file = installed / "plan.json"
    some = ("--limit", "network,kms,s3,ecr,secrets", "-e", f"plan_file={file}")
    enabled = {"ANSIBLE_CALLBACKS_ENABLED": "ragops.platform.plan"}
    run = play(installed, aws, "plan", *some, **enabled)
    assert run.returncode == 0, run.output
    planned = {(row["component"], row["action"]) for row in json.loads(file.read_text())}
    assert {(each, "create") for each in ("network", "kms", "s3", "ecr", "secrets")} <= planned


def test_site_runs_from_elsewhere(installed: Path, aws: Aws) -> None:
    run = play(installed, aws, "site", "--limit", "kms")
    assert run.returncode == 0, run.output
    assert aws.client("kms").describe_key(KeyId="alias/ragops-dev")["KeyMetadata"]["Enabled"]


@pytest.mark.parametrize("playbook", ["destroy", "plan", "preflight"])
def test_a_run_without_an_inventory_is_no_success(installed: Path, playbook: str) -> None:
    done = subprocess.run(
        [BIN / "ansible-playbook", f"ragops.platform.{playbook}"],
        cwd=installed,
        capture_output=True,
        text=True,
        timeout=60,
        env=ansible_environment({"ANSIBLE_COLLECTIONS_PATH": f"{installed}:{BUNDLE}"}),
    )
    assert done.returncode == 2, done.stdout + done.stderr
    assert "The inventory has no host of the platform" in done.stdout


def test_what_needs_a_checkout_stays_out_of_the_archive(archive: Path) -> None:
    with tarfile.open(archive) as packed:
        names = {Path(name).parts[0] for name in packed.getnames()}
    assert {"playbooks", "roles", "plugins", "app", "inventories", "group_vars", "meta"} <= names
    assert not names & {"tests", "requirements", "requirements.yml", "rehearsal", "Makefile"}


def test_each_inventory_of_the_archive_has_the_components(installed: Path) -> None:
    """Theirs are links to one file, which an archive may lose."""
    inventories = installed / "ansible_collections/ragops/platform/inventories"
    components = (ROOT / "inventories/components.yml").read_text()
    for name in ("dev", "staging", "prod"):
        assert (inventories / name / "hosts.yml").read_text() == components


def test_ranges_hold_what_the_tests_run_with() -> None:
    """An install that resolves to other versions would be one that no test has seen."""
    exact = yaml.safe_load((ROOT / "collections/requirements.yml").read_text())["collections"]
    ranges = yaml.safe_load((ROOT / "galaxy.yml").read_text())["dependencies"]
    assert {each["name"] for each in exact} == set(ranges)
    for each in exact:
        manifest = BUNDLE / "ansible_collections" / each["name"].replace(".", "/") / "MANIFEST.json"
        version = json.loads(manifest.read_text())["collection_info"]["version"]
        assert each["version"] == version, f"{each['name']}: requirements/platform.txt has another"


def test_every_collection_that_the_checkout_enables_is_declared() -> None:
    """A callback of a collection that nobody declared is skipped with a warning."""
    declared = {
        "ragops.platform",
        *yaml.safe_load((ROOT / "galaxy.yml").read_text())["dependencies"],
    }
    callbacks = (ROOT / "ansible.cfg").read_text().split("callbacks_enabled =")[1].splitlines()[0]
    named = {".".join(name.strip().split(".")[:2]) for name in callbacks.split(",")}
    assert named <= declared


def test_the_options_of_aws_are_documented() -> None:
    """Ansible follows no fragment of a fragment, and says nothing about it."""
    argv = [BIN / "ansible-doc", "-t", "module", "--json", "ragops.platform.kms_key"]
    argv += [f"ragops.platform.{name}" for name in ("platform_info", "vpc_network", "eks_addon")]
    told = subprocess.run(argv, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name, found in json.loads(told).items():
        missing = {"region", "profile", "access_key", "endpoint_url"} - set(found["doc"]["options"])
        assert not missing, f"{name}: {missing}"
