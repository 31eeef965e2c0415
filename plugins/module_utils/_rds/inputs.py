# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""What the inputs of role rds must be; where its module can say it without AWS, it is asked."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .._inputs import forms, names, versions
from .._inputs.options import refused
from .._inputs.rules import Inputs, Rules, Run
from . import checks

COMPUTED = {
    "identifier": "ragops",
    "db_name": "rag",
    "master_username": "ragops",
    "monitoring_role_arn": "computed",
}
"""Options of the module that the role computes, at values which pass."""


def problems(inputs: Inputs, run: Run) -> Iterator[str]:
    """Yield what is wrong with the inputs of role rds."""
    version = str(inputs.get("rds_engine_version", ""))
    supported = versions.standard_postgresql(run.today)
    if version.split(".")[0] not in supported:
        yield (
            f"rds: rds_engine_version is {version}: PostgreSQL majors in standard support on "
            f"{run.today} are {', '.join(supported)}."
        )
    kind = str(inputs.get("rds_instance_class", ""))
    if re.fullmatch(r"db\.[a-z0-9-]+\.[a-z0-9-]+", kind) is None:
        yield f"rds: rds_instance_class is '{kind}': give a class such as db.t3.micro."
    login = str(inputs.get("rds_application_username", "ragops_app"))
    if login == "ragops" or not re.fullmatch(r"(?!pg_|rds)[a-z_][a-z0-9_]{0,62}", login):
        yield (
            f"rds: rds_application_username is '{login}'. Give a name of lower-case letters,"
            " digits and _. It must not be ragops (the master user), and must not begin with pg_"
            " or rds."
        )
    if inputs.get("rds_ca_certificate") == "rds-ca-2019":
        yield (
            "rds: rds_ca_certificate is rds-ca-2019, which expired in August 2024. Use"
            " rds-ca-rsa2048-g1, rds-ca-rsa4096-g1 or rds-ca-ecc384-g1."
        )
    yield from refused("rds", inputs, COMPUTED, checks.check)


def warnings(inputs: Inputs, _: Run) -> Iterator[str]:
    """Yield what is allowed but may lock the application out."""
    if inputs.get("rds_master_password_keeper") == "aws":
        yield (
            "rds_master_password_keeper is aws, so AWS rotates the master password. The Secret for"
            " the migrations of app_rollout has a copy, which is then invalid until the next run."
            " The application is not affected, because it has its own login (docs/secrets.md)."
        )


def owned(own: Inputs, _: Run) -> Iterator[tuple[str, ...]]:
    """Yield the names that somebody else may have already."""
    yield "database", ""
    if own.get("rds_monitoring_interval"):
        yield "role", "-rds-monitoring"
    if own.get("rds_master_password_keeper") == "platform":
        yield "secret", "/database-login"
    yield "secret", "/database-app-login"
    yield "secret", "/database-url"


def bounded(_: Inputs, run: Run) -> Iterator[tuple[str, int, str]]:
    """Yield the names that AWS bounds."""
    yield f"{run.name}-rds-monitoring", names.ROLE, "an IAM role"


RULES = Rules(
    problems=problems,
    warnings=warnings,
    forms={"rds_secret_readers": forms.PRINCIPALS},
    owned=owned,
    bounded=bounded,
    needs=("network",),
)
