"""Phases, gates, --limit, tags and destroy's question, with roles that only say that they ran."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
import yaml
from ansible.parsing.vault import VaultLib, VaultSecret
from support.ansible_runs import Ran, run_playbook
from support.checkout import ROOT
from support.emulator import Aws

INVENTORY = yaml.safe_load((ROOT / "inventories/components.yml").read_text())
GROUPS = INVENTORY["all"]["children"]["platform"]["children"]
PHASES = {phase: [*group["hosts"]] for phase, group in GROUPS.items()}
"""The components of each phase, in the order in which they are rolled out."""
COMPONENTS = [component for hosts in PHASES.values() for component in hosts]

# `broken` names the components whose role shall fail.
ROLE = """
- name: {role} | Say that it ran
  ansible.builtin.debug:
    msg: "RAN {role} {{{{ {role}_state | default('present') }}}}"

- name: {role} | Break
  ansible.builtin.fail:
    msg: "there is no {role} today"
  when: "'{role}' in (broken | default('')).split(',')"
"""


VAULTED = VaultLib().encrypt("of production", VaultSecret(b"nobody has it here")).decode()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The checkout's playbooks and inventories over roles that do nothing, in a path with a blank.

    One input is vaulted, and there is no password: nothing that does not use it asks for it.
    """
    tmp_path = tmp_path / "my checkout"
    tmp_path.mkdir()
    for name in ("site.yml", "destroy.yml", "ansible.cfg"):
        shutil.copy(ROOT / name, tmp_path / name)
    for name in ("playbooks", "inventories", "group_vars", "collections", "meta"):
        shutil.copytree(ROOT / name, tmp_path / name, symlinks=True)
    shutil.copy(ROOT / "galaxy.yml", tmp_path / "galaxy.yml")
    vaulted = "\n  ".join(["secrets_openai_api_key: !vault |", *VAULTED.splitlines()])
    with (tmp_path / "inventories/dev/group_vars/platform.yml").open("a") as inputs:
        inputs.write(f"{vaulted}\n")
    (tmp_path / "plugins").symlink_to(ROOT / "plugins")
    for role in [*COMPONENTS, "preflight", "kube_access"]:
        tasks = tmp_path / "roles" / role / "tasks/main.yml"
        tasks.parent.mkdir(parents=True)
        tasks.write_text(ROLE.format(role=role))
    return tmp_path


def ran(run: Ran) -> list[str]:
    """The roles that ran, in order, as "<role> <state>"."""
    return re.findall(r"RAN (\w+ \w+)", run.output)


def play(checkout: Path, aws: Aws, playbook: str, *arguments: str) -> Ran:
    return run_playbook(
        checkout, playbook, "-i", "inventories/dev", *arguments, environment=aws.environment
    )


def test_every_component_is_removed_but_those_that_leave_nothing() -> None:
    absent = yaml.safe_load((ROOT / "playbooks/vars/absent.yml").read_text())
    destroyed = {key.removesuffix("_state") for key in absent if key.endswith("_state")}
    assert destroyed == set(COMPONENTS) - {"images", "health"}


def test_the_rollout_goes_from_phase_to_phase(checkout: Path, aws: Aws) -> None:
    run = play(checkout, aws, "site.yml")
    assert run.returncode == 0, run.output
    order = [name.split()[0] for name in ran(run)]
    assert order.pop(0) == "preflight"
    for phase in ("foundation", "data"):
        here = [order.pop(0) for _ in PHASES[phase]]
        assert set(here) == set(PHASES[phase]), phase
    assert order.pop(0) == "kube_access", "the way in is tested before its use"
    assert order == [component for component in COMPONENTS if component in order]
    assert len(order) == len(COMPONENTS) - len(PHASES["foundation"] + PHASES["data"])
    assert "foundation" in run.output.split("Print endpoints and times")[1]
    assert all(row["failed"] == 0 for row in run.recap.values())


def test_a_gate_names_what_failed_and_why(checkout: Path, aws: Aws) -> None:
    run = play(checkout, aws, "site.yml", "-e", "broken=rds,elasticache")
    assert run.returncode == 2
    assert f"Stopped after phase data: 2 of {len(COMPONENTS)} components failed." in run.output
    assert "rds: rds | Break: there is no rds today" in run.output
    assert "elasticache: elasticache | Break: there is no elasticache today" in run.output
    assert {"eks present", "images present"} <= set(ran(run)), "siblings finish"
    assert "cluster_addons present" not in ran(run), "the next phase does not start"
    assert run.recap["rds"]["failed"] == run.recap["elasticache"]["failed"] == 1


def test_one_component_alone(checkout: Path, aws: Aws) -> None:
    for selection in ("--limit", "--tags"):
        run = play(checkout, aws, "site.yml", selection, "rds")
        assert run.returncode == 0, run.output
        assert ran(run) == ["preflight present", "rds present"], selection


def test_all_but_one_component(checkout: Path, aws: Aws) -> None:
    run = play(checkout, aws, "site.yml", "--skip-tags", "rds,health")
    assert run.returncode == 0, run.output
    left = {f"{component} present" for component in COMPONENTS} - {"rds present", "health present"}
    assert left <= set(ran(run)) <= {*left, "preflight present", "kube_access present"}


def test_a_gate_holds_under_limit_too(checkout: Path, aws: Aws) -> None:
    run = play(checkout, aws, "site.yml", "--limit", "rds,eks,milvus", "-e", "broken=rds")
    assert run.returncode == 2
    assert "rds: rds | Break: there is no rds today" in run.output
    assert "milvus present" not in ran(run)


def test_nothing_runs_when_preflight_fails(checkout: Path, aws: Aws) -> None:
    run = play(checkout, aws, "site.yml", "-e", "broken=preflight")
    assert run.returncode == 2
    assert ran(run) == ["preflight present"]


def test_destroy_goes_backwards_and_finds_nothing(checkout: Path, aws: Aws) -> None:
    run = play(checkout, aws, "destroy.yml", "-e", "confirm=dev")
    assert run.returncode == 0, run.output
    order = ran(run)
    # The controllers use their roles until what they made in AWS is gone.
    backwards = ("app_rollout", "milvus", "cluster_addons", "workload_identity")
    assert order[:4] == [f"{component} absent" for component in backwards]
    assert set(order[4:8]) == {f"{c} absent" for c in ("eks", "rds", "elasticache", "bastion")}
    assert set(order[8:]) == {f"{c} absent" for c in ("network", "kms", "ecr", "secrets", "s3")}
    assert "Nothing billed of ragops-dev is left in us-east-1." in run.output


@pytest.mark.parametrize(
    "arguments",
    [(), ("-e", "confirm=prod"), ("--tags", "rds"), ("--limit", "rds", "-e", "confirm=")],
)
def test_destroy_refuses_without_the_environment(
    checkout: Path, aws: Aws, arguments: tuple[str, ...]
) -> None:
    run = play(checkout, aws, "destroy.yml", *arguments)
    assert run.returncode != 0
    assert "confirm=dev" in run.output
    assert ran(run) == []


def test_destroy_refuses_while_something_is_protected(checkout: Path, aws: Aws) -> None:
    protected = ("-e", "confirm=dev", "-e", "rds_deletion_protection=true")
    run = play(checkout, aws, "destroy.yml", *protected)
    assert run.returncode != 0
    assert "ragops-dev is protected against deletion: rds_deletion_protection." in run.output
    assert """-e '{"rds_deletion_protection": false}'""" in run.output
    assert ran(run) == []
    # Who destroys something else need not give the protection up.
    run = play(checkout, aws, "destroy.yml", *protected, "--limit", "s3")
    assert run.returncode == 0, run.output
    assert ran(run) == ["s3 absent"]


@pytest.mark.slow
def test_destroy_tells_what_is_left(checkout: Path, aws: Aws) -> None:
    proof = {"Project": "ragops", "Environment": "dev", "ManagedBy": "ragops.platform"}
    tags = [{"TagKey": key, "TagValue": value} for key, value in proof.items()]
    kms = aws.client("kms")
    key = kms.create_key(Tags=tags)["KeyMetadata"]
    kms.create_alias(AliasName="alias/ragops-dev", TargetKeyId=key["KeyId"])
    arguments = ("-e", "confirm=dev", "-e", "platform_sweep_retries=0", "-e")
    run = play(checkout, aws, "destroy.yml", *arguments, "destroy_data=true")
    assert run.returncode == 2
    assert (
        "Resources of ragops-dev still exist (listed above): key. AWS bills 1 of them."
        in run.output
    )
    told = ", ".join(f"{name}={value}" for name, value in proof.items())
    shown = f"billed key {key['Arn']} (tagged {told})"
    assert f"left {shown}" in " ".join(run.output.split())
    run = play(checkout, aws, "destroy.yml", *arguments, "destroy_data=false")
    assert run.returncode == 0, run.output
    assert "Nothing billed of ragops-dev is left in us-east-1 but what is kept" in run.output
    assert f"kept {shown}" in " ".join(run.output.split())
    sweep = play(checkout, aws, "playbooks/sweep.yml", "-e", "destroy_data=true")
    assert sweep.returncode == 2
    assert key["Arn"] in sweep.output


PARTS = {
    *("access", "gate", "inputs", "inventory", "key", "lock", "phase", "preflight", "removal"),
    *("report", "summary"),
}
"""Playbooks that others import; who runs preflight.yml or access.yml alone changes nothing."""


def test_every_playbook_judges_the_types_of_inputs_first() -> None:
    for path in sorted((ROOT / "playbooks").glob("*.yml")):
        if path.stem in PARTS:
            continue
        imported = [
            play.get("ansible.builtin.import_playbook") for play in yaml.safe_load(path.read_text())
        ]
        first = next(n for n, name in enumerate(imported) if name in ("lock.yml", "inputs.yml"))
        assert not {"phase.yml", "removal.yml"} & set(imported[:first]), path.name


def test_destroy_refuses_an_input_of_another_type(checkout: Path, aws: Aws) -> None:
    """A word that is neither yes nor no would be seen when half of the platform is gone."""
    words = (
        "-e",
        "milvus_destroy_data=perhaps",
        "-e",
        "s3_purposes={}",
        "-e",
        "rds_allocated_storage=1.5",
    )
    run = play(checkout, aws, "destroy.yml", "-e", "confirm=dev", *words)
    assert run.returncode == 2
    assert ran(run) == []
    for text in (
        "3 inputs of ragops-dev have a wrong type, nothing was changed",
        "milvus: milvus_destroy_data is 'perhaps', a text: give true or false without quotes",
        "s3: s3_purposes is a text: give a list",
        "rds: rds_allocated_storage is '1.5', a text: give a whole number",
    ):
        assert text in run.output, text
