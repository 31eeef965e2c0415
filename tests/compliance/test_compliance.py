"""Checkov over what the platform makes: each finding is explained, and the page says so."""

from __future__ import annotations

from pathlib import Path

import account
import checkov
import pytest
import yaml
from baseline import IDS
from page import ABSENT, PAGE, idle, page, unexplained
from support.charts import Chart, Render, helm_program
from support.checkout import ROOT
from support.emulator import Aws
from terraform import Plan, Ref


@pytest.fixture(scope="session")
def findings(aws: Aws, tmp_path_factory: pytest.TempPathFactory) -> checkov.Findings:
    """What checkov says of a rolled-out account and of the application's chart."""
    folder = tmp_path_factory.mktemp("rendered")
    found = checkov.Findings()
    account.roll_out(aws)
    account.render(aws).write(folder / "plan.json")
    checkov.run("terraform_plan", "--file", str(folder / "plan.json"), findings=found)
    checkov.run("kubernetes", "--file", str(manifests(folder)), findings=found)
    return found


def manifests(folder: Path) -> Path:
    """The application's chart, each object in the namespace into which Helm puts it."""
    path = ROOT / "app/chart"
    objects = Render(Chart(helm_program(), path, path / "ci/values.yaml"), folder)()
    for each in objects:
        each["metadata"].setdefault("namespace", "rag")
    file = folder / "chart.yaml"
    file.write_text(yaml.safe_dump_all(objects))
    return file


def test_each_finding_is_explained(findings: checkov.Findings) -> None:
    assert unexplained(findings) == []


def test_each_explanation_explains_something(findings: checkov.Findings) -> None:
    assert idle(findings) == []


def test_each_id_of_the_baseline_has_an_outcome(findings: checkov.Findings) -> None:
    silent = IDS - set(findings.failed) - set(findings.passed) - set(ABSENT)
    assert sorted(silent) == []


def test_the_page_is_true(findings: checkov.Findings, pytestconfig: pytest.Config) -> None:
    if pytestconfig.getoption("--write"):
        PAGE.write_text(page(findings))
    assert PAGE.read_text() == page(findings), "make compliance write=1 writes it anew"


def test_a_hole_is_found(tmp_path: Path) -> None:
    """The plan is read as one: an open group and a bucket that nothing protects are reported."""
    plan = Plan()
    rule = {"protocol": "tcp", "from_port": 22, "to_port": 22, "cidr_blocks": ["0.0.0.0/0"]}
    plan.add("aws_security_group", "open", "sg-1", description="x", ingress=[rule])
    plan.add("aws_s3_bucket", "bare", "bare", bucket="bare")
    plan.add("aws_s3_bucket", "kept", "kept", bucket="kept")
    setup = [{"status": "Enabled"}]
    reference = Ref("kept")
    plan.add("aws_s3_bucket_versioning", "kept", bucket=reference, versioning_configuration=setup)
    plan.write(tmp_path / "plan.json")
    found = checkov.Findings()
    checkov.run("terraform_plan", "--file", str(tmp_path / "plan.json"), findings=found)
    assert found.failed["CKV_AWS_24"] == {"aws_security_group.open"}
    assert found.failed["CKV_AWS_21"] == {"aws_s3_bucket.bare"}
    assert found.passed["CKV_AWS_21"] == {"aws_s3_bucket.kept"}
