"""Options and fixtures: a folder of the official charts, a real API server without nodes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import given
import pytest
from support import chart_facts as facts
from support import kube_api
from support.charts import helm_program
from support.emulator import adjusted

TESTS = Path(__file__).resolve().parents[1]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--charts", required=True, help="folder of the official charts")
    parser.addoption("--write", action="store_true", help="write tests/charts/official.yml")


@pytest.fixture(scope="session")
def helm() -> str:
    """The program."""
    return helm_program()


@pytest.fixture(scope="session")
def installations(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[given.Given]]:
    """What the roles would install of each chart."""
    folder = tmp_path_factory.mktemp("given")
    with adjusted(folder / "requests.jsonl") as aws:
        return given.installations(aws, folder)


@pytest.fixture(scope="session")
def packed(
    pytestconfig: pytest.Config, helm: str, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, facts.Packed]:
    """The charts at the versions of the facts."""
    folder = Path(pytestconfig.getoption("--charts")).expanduser()
    scratch = tmp_path_factory.mktemp("charts")
    return {
        name: facts.Packed.find(helm, folder, name, str(each["version"]), scratch)
        for name, each in facts.known().items()
    }


@pytest.fixture(scope="session")
def kube(tmp_path_factory: pytest.TempPathFactory) -> Iterator[kube_api.Kube]:
    """A real API server without nodes."""
    with kube_api.serving(tmp_path_factory.mktemp("kubernetes")) as served:
        for namespace in ("external-secrets", "milvus", "rag"):
            served.make("/api/v1/namespaces", {"metadata": {"name": namespace}})
        yield served
