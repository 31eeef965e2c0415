"""The values of the environments, and what the README says about values."""

from __future__ import annotations

import re
from typing import Any

import pytest
import values_table
import yaml
from support.charts import Chart, Objects, Render
from support.checkout import ROOT

ENVIRONMENTS = ["dev", "staging", "prod"]
SERVER_MIB = 512
"""What a backend takes that answers while it reads nothing: 434 to 506 MiB were measured."""


def values_of(chart: Chart, environment: str) -> dict[str, Any]:
    values: dict[str, Any] = yaml.safe_load((chart.path / f"values-{environment}.yaml").read_text())
    return values


def of(render: Render, environment: str) -> Objects:
    """The environment, with the least of what role app_rollout says."""
    return render(values_of(render.chart, environment))


def test_there_is_a_file_for_each_inventory_in_aws(chart: Chart) -> None:
    folders = (path for path in (ROOT / "inventories").iterdir() if path.is_dir())
    inventories = {path.name for path in folders} - {"rehearsal"}
    files = {path.stem.removeprefix("values-") for path in chart.path.glob("values-*.yaml")}
    assert files == inventories == set(ENVIRONMENTS)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_lint_finds_nothing(chart: Chart, environment: str) -> None:
    files = [chart.path / f"values-{environment}.yaml", chart.values]
    outcome = chart.lint(*(f"--values={file}" for file in files))
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    everything = chart.path / "ci/external.yaml"
    outcome = chart.lint(*(f"--values={file}" for file in [*files, everything]))
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


@pytest.mark.parametrize(
    ("environment", "pods", "nodes", "spread"),
    [
        ("dev", 1, None, "ScheduleAnyway"),
        ("staging", 2, "preferred", "ScheduleAnyway"),
        ("prod", 3, "required", "DoNotSchedule"),
    ],
)
def test_environments_differ_in_size_and_safety(
    render: Render, environment: str, pods: int, nodes: str | None, spread: str
) -> None:
    objects = of(render, environment)
    for name in ("rag-backend", "rag-frontend"):
        assert objects.get("HorizontalPodAutoscaler", name)["spec"]["minReplicas"] == pods
        pod = objects.pod(name)["spec"]
        kinds = list(pod.get("affinity", {}).get("nodeAffinity", {}))
        assert kinds == ([f"{nodes}DuringSchedulingIgnoredDuringExecution"] if nodes else [])
        assert {one["whenUnsatisfiable"] for one in pod["topologySpreadConstraints"]} == {spread}


def test_the_readme_has_the_table_of_values(chart: Chart) -> None:
    text = (chart.path / "README.md").read_text()
    made = values_table.readme_with(text, (chart.path / "values.yaml").read_text())
    assert text == made, "run: python tests/unit/chart/values_table.py"


def test_the_table_has_every_value(chart: Chart) -> None:
    """Nothing that the schema knows is missing in values.yaml, whence the table is made."""
    listed = {path for path, _, _ in values_table.rows((chart.path / "values.yaml").read_text())}
    for path in ("s3.bucket", "backend.requestSeconds", "networkPolicy.https", "tests.enabled"):
        assert path in listed


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_no_secret_and_no_address_stands_in_an_environments_file(
    chart: Chart, environment: str
) -> None:
    assert set(values_of(chart, environment)) <= {"backend", "frontend", "priorityClass"}


def default_of(setting: str) -> int:
    """A number that the backend takes if nobody says another one."""
    text = (ROOT / "app/backend/src/rag/settings.py").read_text()
    (found,) = re.findall(rf"^    {setting}: int = Field\(default=(\d+)", text, re.MULTILINE)
    return int(found)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_limit_holds_the_server_and_all_that_it_reads(render: Render, environment: str) -> None:
    """Else the kernel ends the server along with the reader of a hostile file."""
    objects = of(render, environment)
    assert "INGEST_" not in str(objects.get("ConfigMap", "rag-backend")["data"])
    reading = default_of("worker_concurrency") * default_of("ingest_memory_mib")
    for name in ("rag-backend", "rag-worker"):
        limit = objects.container(name)["resources"]["limits"]["memory"]
        assert int(re.fullmatch(r"(\d+)Mi", limit)[1]) >= SERVER_MIB + reading, name
