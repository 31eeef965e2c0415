"""The order of the tests: what takes longest is started first."""

from __future__ import annotations

import pytest

LONGEST = (
    *("test_karpenter.py", "test_upgrade.py", "test_workload_identity.py", "test_phases.py"),
    *("test_plan.py", "test_inventories.py", "test_kube_access.py"),
)
"""Files that run many plays. Each is one process's, so that at the end all would wait for it."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files before the others, and leave the order within each."""
    place = {name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path.name, len(LONGEST)))
