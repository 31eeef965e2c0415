"""Of several things one is not ours: none of the others is made, changed or removed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from support.emulator import Aws
from support.lifecycle import World
from support.look_alikes import (
    KINDS,
    NAME,
    OURS,
    OWN,
    ROLE,
    Tags,
    cache_options,
    database_options,
    pairs,
    with_tags,
)

THEIRS = {**OWN, "ManagedBy": "terraform"}
Options = dict[str, Any]


def quiet(world: World, module: str, options: Options, says: str) -> str:
    """It refuses, and has sent nothing until then; what it says."""
    before = world.mutations()
    message = str(world.run(module, options, fails=True)["msg"])
    assert says in message
    assert world.mutations() == before, "the first of them was touched"
    return message


SEVERAL: dict[str, Callable[[list[str]], Options]] = {
    "bucket": lambda names: {"names": [f"{NAME}-{name}-{{account}}" for name in names]},
    "repository": lambda names: {"names": [f"{NAME}/{name}" for name in names]},
    "secret": lambda names: {
        "prefix": f"{NAME}/",
        "secrets": [{"name": name, "generate_length": 32} for name in names],
        "recovery_window_days": 0,
    },
    "access entry": lambda names: {
        "cluster": NAME,
        "entries": [
            {"principal_arn": ROLE.replace("eks-nodes", name), "tags": OWN} for name in names
        ],
    },
    "pod identity": lambda names: {
        "cluster": NAME,
        "associations": [
            {"namespace": "rag", "service_account": name, "role_arn": ROLE} for name in names
        ],
    },
    "launch template": lambda names: {
        "cluster": NAME,
        "templates": [{"name": name} for name in names],
        "security_group_ids": ["sg-1"],
    },
    "role": lambda names: {"roles": [{"name": f"{NAME}-{name}", "trust": OURS} for name in names]},
}
THEIR_NAMES = {
    **{"bucket": "documents", "repository": "backend", "secret": "token"},
    **{"access entry": "eks-nodes", "pod identity": "backend", "launch template": "main"},
    "role": "rds-monitoring",
}


@pytest.mark.parametrize("kind", SEVERAL)
def test_the_last_of_several(world: World, kind: str) -> None:
    KINDS["cluster"].make(world.aws, OWN)
    module, own = KINDS[kind].module, {} if kind == "access entry" else {"tags": OWN}

    def named(*names: str) -> Options:
        return SEVERAL[kind]([*names]) | own

    assert world.run(module, named("ours"))["changed"]
    KINDS[kind].make(world.aws, THEIRS)
    quiet(world, module, named("new", THEIR_NAMES[kind]), "belongs to somebody else")
    removal = {**named("ours", THEIR_NAMES[kind]), "state": "absent"}
    quiet(world, module, removal, "is not removed")


def test_the_role_that_replicates(world: World) -> None:
    """It is asked for after the buckets with the logs and the replicas."""
    name = f"{NAME}-s3-replication"
    iam = world.aws.client("iam")
    iam.create_role(RoleName=name, AssumeRolePolicyDocument='{"Statement": []}', Tags=pairs(THEIRS))
    options = {
        "names": [f"{NAME}-documents-{{account}}"],
        "access_logs": {"bucket": f"{NAME}-access-logs-{{account}}", "expire_days": 1},
        "replication": {"region": "eu-west-1", "role_name": name},
        "tags": OWN,
    }
    quiet(world, "s3_buckets", options, f"IAM role {name} belongs to somebody else")


def subnet_group(aws: Aws, options: Options, service: str, tags: Tags) -> None:
    prefix = {"rds": "DB", "elasticache": "Cache"}[service]
    make = getattr(aws.client(service), f"create_{prefix.lower()}_subnet_group")
    named = {f"{prefix}SubnetGroupName": NAME, f"{prefix}SubnetGroupDescription": "theirs"}
    make(**named, SubnetIds=options["subnet_group"]["subnet_ids"], Tags=pairs(tags))


def parameter_group(aws: Aws, options: Options, service: str, tags: Tags) -> None:
    prefix, family = {"rds": ("DB", "postgres15"), "elasticache": ("Cache", "redis7")}[service]
    make = getattr(aws.client(service), f"create_{prefix.lower()}_parameter_group")
    named = {
        f"{prefix}ParameterGroupName": options["parameter_group"]["name"],
        f"{prefix}ParameterGroupFamily": family,
    }
    make(**named, Description="theirs", Tags=pairs(tags))


def log_group(aws: Aws, options: Options, service: str, tags: Tags) -> None:
    name = f"/aws/{service}/instance/{options['identifier']}/upgrade"
    aws.client("logs").create_log_group(logGroupName=name, tags=tags)


STORES = {
    "rds": ("rds_postgres", with_tags(database_options)),
    "elasticache": ("elasticache_replication_group", with_tags(cache_options)),
}


@pytest.mark.parametrize(
    ("service", "make", "says"),
    [
        ("rds", subnet_group, "db subnet group"),
        ("rds", parameter_group, "db parameter group"),
        ("rds", log_group, "log group"),
        ("elasticache", subnet_group, "cache subnet group"),
        ("elasticache", parameter_group, "cache parameter group"),
    ],
)
def test_what_belongs_to_a_data_store(
    world: World, service: str, make: Callable[..., None], says: str
) -> None:
    module, options = STORES[service][0], STORES[service][1](world.aws)
    make(world.aws, options, service, THEIRS)
    said = quiet(world, module, options, "belongs to somebody else")
    assert said.startswith(f"{says} ")


def test_no_data_store_goes_before_its_groups_are_known_to_be_ours(world: World) -> None:
    for name, service in (("database", "rds"), ("cache", "elasticache")):
        module, options = STORES[service][0], STORES[service][1](world.aws)
        KINDS[name].make(world.aws, OWN)
        subnet_group(world.aws, options, service, THEIRS)
        wanted = {**options, "state": "absent", "deletion_protection": False}
        if service == "elasticache":
            del wanted["deletion_protection"]
        quiet(world, module, wanted, f"subnet group {NAME} is not removed")
