"""docs/compliance.md, from what checkov found and what is said to it."""

from __future__ import annotations

from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import yaml
from baseline import AREAS, IDS
from checkov import Findings
from support.checkout import ROOT

PAGE = ROOT / "docs/compliance.md"
SAID: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("explanations.yml").read_text())
# By id: reasons, each with the pattern of the resources that it is about.
FAILED: dict[str, list[dict[str, str]]] = SAID["failed"]
# By id: why there is nothing for the check to look at.
ABSENT: dict[str, str] = {each: group["why"] for group in SAID["absent"] for each in group["ids"]}

HEAD = """\
# What a policy scanner says

`make compliance write=1` writes this page. `make compliance` fails when the page is not true any
more, and for each finding that it does not explain.

[checkov](https://pypi.org/project/checkov/) {version} knows little of Ansible. So its checks for
Terraform and Kubernetes look at what the platform makes:

1. `site.yml` deploys the inventory `prod`, with its optional parts, into an emulated account.
2. [tests/compliance](../tests/compliance) reads that account back through AWS's API, and writes it
   as a Terraform plan.
3. Helm renders the application's chart.
4. All of checkov's checks run.

The tables hold the ids of the security baseline. A last table holds other ids with findings, if
there are any.

| Outcome | Ids | Meaning |
| --- | --- | --- |
| passed | {passed} | every resource passes |
| explained | {explained} | a resource fails, and the table has the reason |
| nothing there | {absent} | the platform has no such resource |
"""
TABLE = "\n## {}\n\n| Check | What it asks for | Outcome | Why |\n| --- | --- | --- | --- |\n"


def unexplained(findings: Findings) -> list[str]:
    """The findings to which nothing is said: id, resource, what was asked for."""
    return [
        f"{check} {resource}: {findings.names[check]}"
        for check, resources in sorted(findings.failed.items())
        for resource in sorted(resources)
        if not any(fnmatch(resource, said["of"]) for said in FAILED.get(check, []))
    ]


def idle(findings: Findings) -> list[str]:
    """Explanations that explain nothing any more."""
    return [
        f"{check}: {said['of']}"
        for check, reasons in FAILED.items()
        for said in reasons
        if not any(fnmatch(each, said["of"]) for each in findings.failed.get(check, ()))
    ] + [check for check in ABSENT if check in findings.failed or check in findings.passed]


def outcome(check: str, findings: Findings) -> tuple[str, str]:
    """(what came of a check, why it is so)."""
    if check in findings.failed:
        return "explained", " ".join(said["why"] for said in FAILED.get(check, []))
    if check in findings.passed:
        return "passed", ""
    return "nothing there", ABSENT.get(check, "")


def row(check: str, findings: Findings) -> str:
    came, why = outcome(check, findings)
    asked = findings.names.get(check, "").replace("|", "\\|")
    return f"| {check} | {asked} | {came} | {why} |\n"


def page(findings: Findings) -> str:
    """The whole page."""
    others = sorted(set(findings.failed) - IDS)
    tables = {**AREAS, "In addition to the baseline": others} if others else AREAS
    outcomes = [outcome(check, findings)[0] for ids in tables.values() for check in ids]
    head = HEAD.format(
        version=findings.version,
        passed=outcomes.count("passed"),
        explained=outcomes.count("explained"),
        absent=outcomes.count("nothing there"),
    )
    return head + "".join(
        TABLE.format(area) + "".join(row(check, findings) for check in ids)
        for area, ids in tables.items()
    )
