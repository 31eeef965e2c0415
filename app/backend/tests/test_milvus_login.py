"""The backend's login at Milvus: it may do what its calls need, and each of that is needed."""

import asyncio
import contextlib

import numpy as np
import pytest
import servers

from rag.adapters.milvus import MilvusIndex
from rag.adapters.protocols import VectorRow
from rag.errors import DependencyError

VECTOR = np.eye(1, servers.DIMENSION, dtype=np.float32)[0]
ROW = VectorRow("document1-00000", "document1", 1, 1, VECTOR)


def done(port: int) -> dict[str, str]:
    """Each of the backend's calls, and why it failed."""

    async def run() -> dict[str, str]:
        index = MilvusIndex(
            f"http://127.0.0.1:{port}",
            lambda: servers.MILVUS_LOGIN,
            "documents",
            dimension=servers.DIMENSION,
            timeout=5,
            check=5,
        )
        calls = {
            "check": index.check,
            "write": lambda: index.write("document1", "document1-", [ROW]),
            "prune": lambda: index.prune("document1", "document1-"),
            "search": lambda: index.search(VECTOR, 1),
            "remove": lambda: index.remove("document1"),
        }
        failed = dict.fromkeys(calls, "")
        for name, call in calls.items():
            try:
                await call()
            except DependencyError as error:
                failed[name] = str(error)
        await index.close()
        return failed

    return asyncio.run(run())


@contextlib.contextmanager
def without(port: int, privilege: str):
    """The role meanwhile lacks one privilege."""
    client = servers.milvus_client(port)
    lacking = [grant for grant in servers.privileges() if grant[1] == privilege]
    for grant in lacking:
        client.revoke_privilege(servers.MILVUS_ROLE, *grant)
    try:
        yield
    finally:
        for grant in lacking:
            client.grant_privilege(servers.MILVUS_ROLE, *grant)
        client.close()


def test_its_privileges_are_enough_for_every_call(world):
    assert set(done(world.ports["milvus"]).values()) == {""}


@pytest.mark.parametrize(
    ("privilege", "refused"),
    [
        ("Search", {"check", "search"}),
        ("Query", {"write"}),
        ("Upsert", {"write"}),
        ("Delete", {"prune", "remove"}),
    ],
)
def test_each_privilege_is_needed_and_its_lack_is_named(world, privilege, refused):
    with without(world.ports["milvus"], privilege):
        failed = done(world.ports["milvus"])
    assert {name for name, why in failed.items() if why} == refused
    for name in refused:
        assert f"refused: Privilege{privilege}: permission deny" in failed[name]


def test_no_other_privilege_is_given():
    stated = {privilege for _, privilege, _ in servers.privileges()}
    # The last is everybody's in Milvus 2.3, so that nothing here can lack it.
    assert stated == {"Search", "Query", "Upsert", "Delete", "DescribeCollection"}
