"""The names that preflight asks for are those that the roles make."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml
from ansible_collections.ragops.platform.plugins.module_utils._inputs.rules import Rules, Run, every
from ansible_collections.ragops.platform.plugins.module_utils._inputs.wanted import wanted
from ansible_collections.ragops.platform.plugins.module_utils._secrets.component import SECRETS
from ansible_collections.ragops.platform.plugins.module_utils.components import COMPONENTS
from support.checkout import ROOT

NAME = "ragops-dev"
ALL: dict[str, dict[str, Any]] = {
    "network": {"network_flow_logs": True},
    "eks": {},
    "rds": {"rds_monitoring_interval": 60, "rds_master_password_keeper": "platform"},
    "elasticache": {},
    "s3": {
        **{"s3_purposes": ["documents"], "s3_access_logs": True},
        "s3_replication_region": "eu-west-1",
    },
    "ecr": {"ecr_images": ["backend"]},
    "secrets": {
        **{"secrets_openai_api_key": "x", "secrets_api_key": True},
        "secrets_extra": [{"name": "more"}],
    },
    "bastion": {},
    "workload_identity": {
        "workload_identity_workloads": [{"name": "backend"}],
        "workload_identity_extra": [{"name": "reports"}],
    },
    "cluster_addons": {
        **{"cluster_addons_load_balancer_controller": True},
        **{"cluster_addons_external_secrets": True, "cluster_addons_autoscaler": "karpenter"},
    },
}


def asked(kind: str, *components: str, bastion: bool = True) -> list[str]:
    """What is asked for of one kind, without the platform's name."""
    inputs = {name: ALL[name] for name in components or ALL}
    found = wanted(run(inputs, bastion=bastion))
    return [each["name"].removeprefix(NAME) for each in found if each["kind"] == kind]


def run(inputs: dict[str, dict[str, Any]], *, bastion: bool = True) -> Run:
    return Run(NAME, "us-east-1", shared={"platform_bastion": bastion}, inputs=inputs)


def variables(role: str, file: str = "vars") -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / f"roles/{role}/{file}/main.yml").read_text())
    return found


def named(text: str) -> str:
    """What follows the platform's name in a role's text."""
    return re.sub(r"^\{\{ platform_name \}\}", "", text)


def test_the_roles_of_the_cluster() -> None:
    own = variables("eks")
    made = [*own["__eks_service_roles"], *own["__eks_addon_roles"]]
    assert asked("role", "eks") == [f"-{role['name']}" for role in made]


def test_the_secrets() -> None:
    own = variables("secrets")
    lists = ("__secrets_generated", "__secrets_given", "__secrets_keys")
    made = [item["name"] for each in lists for item in own[each]]
    others = own["__secrets_of_others"]
    assert asked("secret", "secrets") == [f"/{name}" for name in [*made, "more"]]
    assert sorted(asked("secret", "rds", "elasticache")) == sorted(f"/{name}" for name in others)


def test_what_the_buckets_need() -> None:
    own = variables("s3")
    assert asked("bucket", "s3") == [
        named(own["__s3_log_settings"]["bucket"]),
        *("-documents-{account}", "-documents-{account}-eu-west-1"),
    ]
    assert asked("role", "s3") == [named(own["__s3_replica_settings"]["role_name"])]
    regions = {each["name"]: each["region"] for each in wanted(run({"s3": ALL["s3"]}))}
    assert regions[f"{NAME}-documents-{{account}}-eu-west-1"] == "eu-west-1"
    assert regions[f"{NAME}-documents-{{account}}"] == ""


def test_the_roles_of_the_workloads() -> None:
    possible = {item["name"] for item in variables("workload_identity")[POSSIBLE]}
    found = asked("role", "workload_identity", "cluster_addons")
    assert set(found) == {
        f"-workload-{name}" for name in (possible | {"backend", "reports"}) - {"cluster-autoscaler"}
    }


POSSIBLE = "__workload_identity_possible"


def test_the_other_roles() -> None:
    assert asked("role", "rds") == [named(variables("rds")["__rds_monitoring_role"]["name"])]
    assert asked("role", "bastion") == [named(variables("bastion")["__bastion_name"])]
    assert asked("role", "network") == ["-flow-logs"]


MODULES = {
    "ec2_bastion": (),
    "ecr_repositories": ("repository",),
    "eks_cluster": ("cluster",),
    "elasticache_replication_group": ("cache",),
    "iam_roles": ("role",),
    "rds_postgres": ("database",),
    "s3_buckets": ("bucket",),
    "secretsmanager_secrets": ("secret",),
    "vpc_flow_log": ("role",),
}


@pytest.mark.parametrize("module", MODULES)
def test_each_component_that_makes_such_a_thing_asks_for_it(module: str) -> None:
    users = {
        file.relative_to(ROOT / "roles").parts[0]
        for file in (ROOT / "roles").glob("*/tasks/*.yml")
        if f"ragops.platform.{module}:" in file.read_text()
    }
    assert users
    asking = {name for name in users for kind in MODULES[module] if asked(kind, *with_its(name))}
    assert asking == (users if MODULES[module] else set())


def with_its(component: str) -> list[str]:
    return [component, "cluster_addons"] if component == "workload_identity" else [component]


def test_what_it_asks_for_is_tagged_with_the_component() -> None:
    owning = [name for name, rules in every().items() if rules.owned is not Rules().owned]
    for component in owning:
        texts = [file.read_text() for file in (ROOT / f"roles/{component}").glob("[tv]*/*.yml")]
        assert any(f"'Component': '{component}'" in text for text in texts), component


def test_each_component_has_rules() -> None:
    assert all(isinstance(rules, Rules) for rules in every().values())
    assert len(every()) == len(COMPONENTS)


def test_what_is_switched_off_is_not_asked_for() -> None:
    off = {
        **{name: {f"{name}_state": "absent"} for name in ("eks", "rds", "elasticache", "ecr")},
        **{"network": {"network_flow_logs": False}, "s3": {"s3_purposes": []}, "bastion": {}},
    }
    assert wanted(run(off, bastion=False)) == []


def test_the_names_of_own_secrets_are_all_that_may_be_made() -> None:
    components = ("rds", "elasticache", "secrets")
    assert {f"/{name}" for name in SECRETS} == {*asked("secret", *components)} - {"/more"}
