"""Role network: whom the policies of the endpoints let through, asked as IAM would."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from typing import Any

import pytest
import yaml
from support.ansible_runs import run_playbook
from support.checkout import ROOT

ROLE = ROOT / "roles/network"
OWN, FOREIGN = "123456789012", "999999999999"


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The role's variables with all services, without a bastion."""
    file = tmp_path_factory.mktemp("network") / "result.json"
    keys = ("network_endpoint_policies", "__network_groups", "__network_flows")
    wanted = {key: f"{{{{ {key} }}}}" for key in keys}
    play = {
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "vars_files": [str(ROLE / "defaults/main.yml"), str(ROLE / "vars/main.yml")],
        "tasks": [
            {
                "ansible.builtin.copy": {"content": "{{ wanted | to_json }}", "dest": str(file)},
                "vars": {
                    "platform_name": "ragops-dev",
                    "platform_region": "us-east-1",
                    "platform_tags": {},
                    "network_nat": "none",
                    "wanted": wanted,
                },
            }
        ],
    }
    book = file.with_name("play.yml")
    book.write_text(yaml.safe_dump([play]))
    ran = run_playbook(ROOT, str(book), environment={})
    assert ran.returncode == 0, ran.output
    text = file.read_text().replace("{account}", OWN).replace("{partition}", "aws")
    found: dict[str, Any] = json.loads(text)
    return found


def allowed(policy: dict[str, Any], action: str, resource: str, **context: str) -> bool:
    """Whether a statement allows it. context: aws:PrincipalAccount and so on, absent if unknown."""
    return any(
        any(fnmatchcase(action, one) for one in _list(statement["Action"]))
        and any(fnmatchcase(resource, one) for one in _list(statement["Resource"]))
        and all(
            context.get(key.removeprefix("aws:")) in _list(value)
            for key, value in statement.get("Condition", {}).get("StringEquals", {}).items()
        )
        for statement in policy["Statement"]
        if statement["Effect"] == "Allow"
    )


def _list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


@pytest.mark.parametrize(
    ("principal", "bucket_of", "action", "passes"),
    [
        (OWN, OWN, "s3:PutObject", True),
        (OWN, FOREIGN, "s3:PutObject", False),
        (FOREIGN, FOREIGN, "s3:PutObject", False),
        (FOREIGN, OWN, "s3:GetObject", False),
        (None, FOREIGN, "s3:GetObject", False),
    ],
)
def test_buckets_are_reached_by_their_own_account(
    rendered: dict[str, Any], principal: str | None, bucket_of: str, action: str, passes: bool
) -> None:
    policy = rendered["network_endpoint_policies"]["s3"]
    context = {
        "ResourceAccount": bucket_of,
        **({"PrincipalAccount": principal} if principal else {}),
    }
    assert allowed(policy, action, "arn:aws:s3:::somebodys/file", **context) is passes


@pytest.mark.parametrize(("action", "passes"), [("s3:GetObject", True), ("s3:PutObject", False)])
def test_image_layers_are_read_and_not_written(
    rendered: dict[str, Any], action: str, passes: bool
) -> None:
    policy = rendered["network_endpoint_policies"]["s3"]
    layer = "arn:aws:s3:::prod-us-east-1-starport-layer-bucket/layer"
    context = {"PrincipalAccount": FOREIGN, "ResourceAccount": FOREIGN}
    assert allowed(policy, action, layer, **context) is passes


def test_interface_endpoints_let_in_this_accounts_principals(rendered: dict[str, Any]) -> None:
    policies = rendered["network_endpoint_policies"]
    assert {"ec2", "ecr.api", "ecr.dkr", "logs", "secretsmanager", "sts", "kms"} <= set(policies)
    for service in set(policies) - {"s3"}:
        assert allowed(policies[service], "any:Thing", "*", PrincipalAccount=OWN)
        assert not allowed(policies[service], "any:Thing", "*", PrincipalAccount=FOREIGN)
        assert not allowed(policies[service], "any:Thing", "*")


@pytest.mark.parametrize(("account", "passes"), [(OWN, True), (FOREIGN, False)])
def test_a_pod_gets_its_role_before_it_is_somebody(
    rendered: dict[str, Any], account: str, passes: bool
) -> None:
    policy = rendered["network_endpoint_policies"]["sts"]
    role = f"arn:aws:iam::{account}:role/x"
    assert allowed(policy, "sts:AssumeRoleWithWebIdentity", role) is passes
    assert not allowed(policy, "sts:AssumeRole", role)


def test_without_a_bastion_there_is_nothing_of_it(rendered: dict[str, Any]) -> None:
    assert "bastion" not in {group["key"] for group in rendered["__network_groups"]}
    ends = {end for flow in rendered["__network_flows"] for end in (flow["from"], flow["to"])}
    assert "bastion" not in ends
