"""Inputs of every type that YAML can make of a text: refused by name, or taken, never a crash."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

import jinja2
import pytest
from ansible_collections.ragops.platform.plugins.module_utils._inputs import all as inputs
from ansible_collections.ragops.platform.plugins.module_utils._inputs import (
    given,
    roles,
    types,
)
from ansible_collections.ragops.platform.plugins.module_utils._inputs.rules import every
from ansible_collections.ragops.platform.plugins.module_utils._inputs.shared import SHARED
from support.checkout import ROOT

ROLES = ROOT / "roles"
COMPONENTS = sorted(path.name for path in ROLES.iterdir() if (path / "meta").is_dir())
TODAY = "2026-11-22"
BASE = {
    "platform_project": "ragops",
    "platform_environment": "test",
    "platform_name": "ragops-test",
    "platform_region": "us-east-1",
}
EXTRA = {
    "name": "a-workload-of-our-own-1",
    "namespace": "rag",
    "service_account": "own",
    "policies": {},
}
STRANGE: tuple[Any, ...] = (
    *(None, 83, 1.1, True, [], ["a", 1, None], {}, {"a": 1}, {2026: "budget"}),
    *(datetime.date(2026, 11, 22), "", "x" * 10_000, "\x00", [[{"name": None}]], [{}]),
)


def judged(**variables: Any) -> list[str]:
    given_to = {component: {**BASE, **variables} for component in COMPONENTS}
    return inputs.judge(given_to, COMPONENTS, ROLES, TODAY)["errors"]


def options() -> Iterator[tuple[str, dict[str, Any]]]:
    yield from SHARED.items()
    for role in COMPONENTS:
        yield from roles.spec_of(ROLES, role).items()


def inner(option: dict[str, Any], strange: Any) -> Iterator[Any]:
    """The value, and the value inside of what the option is made of."""
    yield strange
    for name in option.get("options") or {}:
        value = {name: strange}
        yield [value] if option.get("type") == "list" else value


@pytest.mark.parametrize("component", COMPONENTS)
def test_preflight_breaks_on_no_value_of_any_input(component: str) -> None:
    for name, option in roles.spec_of(ROLES, component).items():
        for strange in STRANGE:
            for value in inner(option, strange):
                # No assertion: a traceback is the failure.
                inputs.judge({component: {**BASE, name: value}}, [component], ROLES, TODAY)


@pytest.mark.parametrize("name", sorted(SHARED))
def test_preflight_breaks_on_no_value_of_a_shared_variable(name: str) -> None:
    for strange in STRANGE:
        said = judged(**{name: strange})
        kind = SHARED[name]["type"]
        if kind == "bool" and strange is not True:
            assert any(name in text for text in said), f"{strange!r} passes for a switch"


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        ({"platform_bastion": "no"}, "platform_bastion is 'no', a text: give true or false"),
        ({"rds_engine_version": 15}, "rds_engine_version is a number, but must be a text"),
        ({"rds_engine_version": 15.1}, "a number with a fraction, but must be a text. Write it in"),
        ({"s3_purposes": "documents"}, "s3_purposes is a text: give a list, such as [a, b]"),
        ({"ecr_pull_principals": [2185785799]}, "ecr_pull_principals[0] is a number, but must be"),
        (
            {"secrets_extra": [{"name": "pin", "description": "d", "value": 83}]},
            "secrets_extra[0].value is a number, but must be a text",
        ),
        (
            {"secrets_extra": [{"name": "pin", "description": "d", "value": None}]},
            "secrets_extra[0].value is empty (null)",
        ),
        (
            {"eks_node_groups": [{"name": "main", "labels": {"spot": True}}]},
            "eks_node_groups[0].labels.spot is yes or no, but must be a text",
        ),
        (
            {"eks_node_groups": [{"name": "main", "labels": {"spot": None}}]},
            "eks_node_groups[0].labels.spot is empty",
        ),
        (
            {"eks_node_groups": [{"name": "m", "taints": [{"key": "a", "value": True}]}]},
            "eks_node_groups[0].taints[0].value is yes or no",
        ),
        (
            {"milvus_values": {"service": {"ports": {19530: "grpc"}}}},
            "milvus_values.service.ports has the key 19530, a number. Write it in quotes",
        ),
        (
            {
                "eks_addons": [
                    {"name": "coredns", "configuration": {"since": datetime.date(2026, 1, 1)}}
                ]
            },
            "eks_addons[0].configuration.since is 2026-01-01, a date, which JSON does not support",
        ),
        (
            {"milvus_values": {"limits": [float("nan")]}},
            "milvus_values.limits[0] is nan, a number with a fraction, which JSON does not support",
        ),
        ({"platform_extra_tags": {2026: "budget"}}, "has the key 2026, a number. Write it in"),
        ({"platform_extra_tags": {"Note": "R&D, #2"}}, "AWS allows only letters, digits"),
        ({"platform_namespace": "My_RAG"}, "which is not a valid name of a namespace"),
        (
            {
                "eks_node_groups": [
                    {"name": "m", "min_size": 1, "max_size": 2, "labels": {"a b": "c"}}
                ]
            },
            "label 'a b': use letters, digits",
        ),
        ({"ecr_pull_principals": ["2185785799"]}, "Give the 12 digits of an account, in quotes"),
        (
            {"secrets_extra": [{"name": "pin", "description": "d", "value": ""}]},
            "secrets_extra has an empty value for pin",
        ),
        ({"rds_parameters": {"log_connections": True}}, "rds_parameters.log_connections is yes or"),
    ],
)
def test_what_yaml_has_made_of_a_text_is_refused(variables: dict[str, Any], says: str) -> None:
    assert any(says in text for text in judged(**variables)), judged(**variables)


@pytest.mark.parametrize(
    ("length", "variables"),
    [
        (30, {"cluster_addons_load_balancer_controller": True}),
        (31, {"workload_identity_extra": [EXTRA]}),
        (36, {"cluster_addons_autoscaler": "cluster_autoscaler"}),
        (38, {}),
        (30, {"s3_replication_region": "eu-west-1", "s3_purposes": ["documents"]}),
    ],
)
def test_the_longest_name_is_what_this_inventory_makes(
    length: int, variables: dict[str, Any]
) -> None:
    """A number that is written down once says that a name fits which a role's does not."""

    def refused(size: int) -> list[str]:
        name = "n" * size
        return [text for text in judged(platform_name=name, **variables) if f"'{name}'" in text]

    assert refused(length) == []
    assert f"may have at most {length}." in refused(length + 1)[0]


def test_every_dictionary_of_texts_is_one_that_roles_have() -> None:
    known: set[str] = set()

    def walk(path: str, option: dict[str, Any]) -> None:
        known.add(path)
        for name, below in (option.get("options") or {}).items():
            walk(f"{path}.{name}", below)

    for name, option in options():
        walk(name, option)
    assert known >= types.TEXTS_BY_NAME
    for component, rules in every().items():
        own = {*rules.forms, *rules.at_least, *rules.at_most}
        assert own - known == set(), f"a rule of {component} for no input"


def test_a_misspelt_input_is_told_with_the_one_that_is_meant() -> None:
    variables = {**BASE, "rds_instance_clas": "db.t3.micro", "rds_multi_az": True, "mine": 1}
    told = inputs.judge({"rds": variables}, ["rds"], ROLES, TODAY)["warnings"]
    assert told == [
        "rds_instance_clas is not an input of role rds, and has no effect. Is rds_instance_class "
        "meant?"
    ]


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ({"type": "bool"}, "False", False),
        ({"type": "bool"}, "on", True),
        ({"type": "bool"}, "maybe", "maybe"),
        ({"type": "int"}, "14", 14),
        ({"type": "int"}, "014", "014"),
        ({"type": "int"}, "1.5", "1.5"),
        ({"type": "list", "elements": "str"}, "documents", ["documents"]),
        ({"type": "list", "elements": "str"}, "a, b", ["a", "b"]),
        ({"type": "list", "elements": "str"}, "", []),
        ({"type": "list", "elements": "str"}, '["a,b"]', ["a,b"]),
        ({"type": "list", "elements": "dict"}, "a", "a"),
        ({"type": "dict"}, '{"a": "b"}', {"a": "b"}),
        ({"type": "dict"}, "a=b", "a=b"),
        ({"type": "str"}, "yes", "yes"),
        ({"type": "bool"}, "{{ x }}", "{{ x }}"),
    ],
)
def test_what_is_certain_is_converted(kind: dict[str, Any], text: str, value: Any) -> None:
    found = given.converted(kind, text)
    assert (type(found), found) == (type(value), value)


@pytest.mark.parametrize("kind", ["str", "bool", "list", "dict"])
def test_what_can_not_be_read_is_told_with_its_reason(kind: str) -> None:
    """A vaulted text without its password, a template of what is not there: no type helps."""
    lacking = jinja2.StrictUndefined("no vault secrets found")
    given = {"list": [lacking], "dict": {"value": lacking}}.get(kind, lacking)
    (told,) = types.problems({"type": kind, "elements": "str"}, given, "secrets_extra")
    assert told.endswith("cannot be read: no vault secrets found")
    assert not types.readable(given)
