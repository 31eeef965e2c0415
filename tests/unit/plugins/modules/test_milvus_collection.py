"""milvus_collection and its twin against real Milvus 2.3.5 and real milvus-lite 3.2.2."""

from __future__ import annotations

import copy
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymilvus import MilvusClient, MilvusException
from support.milvus_servers import milvus_server
from support.module_process import examples, play, run_module

from rehearsal.cluster import pki

FLAVOURS = ("milvus", "lite")


@pytest.fixture(scope="module")
def servers() -> Iterator[dict[str, str]]:
    """Both servers; their addresses by flavour."""
    with milvus_server("milvus") as milvus, milvus_server("lite") as lite:
        yield {"milvus": milvus, "lite": lite}


@pytest.fixture(params=FLAVOURS)
def uri(request: pytest.FixtureRequest, servers: dict[str, str]) -> Iterator[str]:
    """One server, empty before each test."""
    address = servers[request.param]
    client = MilvusClient(uri=address, timeout=10)
    for name in client.list_collections():
        for alias in client.list_aliases(name)["aliases"]:
            client.drop_alias(alias)
        client.drop_collection(name)
    yield address
    client.close()


def options(uri: str, **changes: Any) -> dict[str, Any]:
    """The module's options for the application's collection."""
    return {
        "uri": uri,
        "name": "documents_v1",
        "alias": "documents",
        "fields": [
            {"name": "chunk_id", "type": "VARCHAR", "max_length": 64, "primary_key": True},
            {"name": "page", "type": "INT64"},
            {"name": "embedding", "type": "FLOAT_VECTOR", "dim": 8},
        ],
        "indexes": [
            {
                "field": "embedding",
                "index_type": "HNSW",
                "metric_type": "COSINE",
                "params": {"M": 16, "efConstruction": 200},
            }
        ],
        "wait_timeout": 60,
        **changes,
    }


def with_dim(uri: str, dim: int, **changes: Any) -> dict[str, Any]:
    """The options with another dimension."""
    changed = copy.deepcopy(options(uri, **changes))
    changed["fields"][2]["dim"] = dim
    return changed


def insert(uri: str, name: str, rows: int) -> None:
    """Insert rows as the application does."""
    data = [{"chunk_id": f"c{i}", "page": i, "embedding": [i + 1.0] * 8} for i in range(rows)]
    MilvusClient(uri=uri, timeout=10).insert(name, data)


def test_life_of_a_collection(uri: str) -> None:
    """Check, create, again, drop, again: changed and diff are true each time."""
    client = MilvusClient(uri=uri, timeout=10)

    planned = run_module("milvus_collection", options(uri), check=True)
    assert planned["changed"]
    assert client.list_collections() == []

    created = run_module("milvus_collection", options(uri))
    assert created["changed"]
    assert created["diff"] == planned["diff"]
    assert [(e["path"], e["action"]) for e in created["plan"]] == [
        ("collection", "create"),
        ("aliases.documents", "create"),
    ]
    assert created["plan"] == planned["plan"]
    assert created["alias_target"] == "documents_v1"
    assert created["rows"] == 0
    assert created["search_seconds"] is not None
    assert client.search("documents", data=[[0.5] * 8], limit=1) is not None

    for check in (True, False):
        again = run_module("milvus_collection", options(uri), check=check)
        assert not again["changed"]
        assert again["plan"] == []
        assert again["diff"]["before"] == again["diff"]["after"]

    dropping = run_module("milvus_collection", options(uri, state="absent"), check=True)
    assert dropping["changed"]
    assert client.list_collections() == ["documents_v1"]
    dropped = run_module("milvus_collection", options(uri, state="absent"))
    assert dropped["changed"]
    assert dropped["diff"] == dropping["diff"]
    assert dropped["diff"]["after"] == {}
    assert client.list_collections() == []
    assert client.list_aliases()["aliases"] == []
    assert not run_module("milvus_collection", options(uri, state="absent"))["changed"]


def test_what_a_server_does_not_report_is_unknown(uri: str) -> None:
    """Lite says nothing of M and efConstruction; Milvus says both, as strings."""
    created = run_module("milvus_collection", options(uri))
    lite = created["capabilities"]["flavour"] == "lite"
    expected = ["indexes.embedding.params.M", "indexes.embedding.params.efConstruction"]
    assert created["unknown"] == (expected if lite else [])
    drifted = copy.deepcopy(options(uri))
    drifted["indexes"][0]["params"]["M"] = 32
    found = run_module("milvus_collection", drifted, fails=not lite)
    if not lite:
        assert "indexes.embedding.params.M: found 16, wanted 32" in found["msg"]
        assert found["plan"][0]["action"] == "refuse"


def test_schema_change_is_refused_then_recreated(uri: str) -> None:
    """A change that loses rows needs consent, and says how many rows it would cost."""
    run_module("milvus_collection", options(uri))
    insert(uri, "documents_v1", 3)

    refused = run_module("milvus_collection", with_dim(uri, 16), fails=True)
    assert "fields.embedding.dim: found 8, wanted 16" in refused["msg"]
    assert "to lose its 3 rows" in refused["msg"]
    consent = {"on_schema_change": "recreate"}
    run_module("milvus_collection", with_dim(uri, 16, **consent), fails=True)

    consent["force_data_loss"] = True
    planned = run_module("milvus_collection", with_dim(uri, 16, **consent), check=True)
    assert planned["changed"]
    assert planned["plan"][0]["data_loss"]
    kept = run_module("milvus_collection_info", {"uri": uri, "name": "documents"})
    assert kept["collections"][0]["rows"] == 3

    done = run_module("milvus_collection", with_dim(uri, 16, **consent))
    assert done["diff"] == planned["diff"]
    assert (done["rows"], done["alias_target"]) == (0, "documents_v1")
    assert not run_module("milvus_collection", with_dim(uri, 16, **consent))["changed"]


def test_alias_moves_and_guards(uri: str) -> None:
    """The alias follows; a collection that another alias needs isn't dropped."""
    client = MilvusClient(uri=uri, timeout=10)
    run_module("milvus_collection", options(uri))
    moved = run_module("milvus_collection", options(uri, name="documents_v2"))
    assert moved["plan"][-1]["from"] == "documents_v1"
    assert client.describe_alias("documents")["collection_name"] == "documents_v2"
    assert "documents_v1" in client.list_collections()

    client.create_alias("documents_v2", "reports")
    guarded = run_module(
        "milvus_collection", options(uri, name="documents_v2", state="absent"), fails=True
    )
    assert "alias reports points at it" in guarded["msg"]
    assert "documents_v2" in client.list_collections()

    taken = run_module("milvus_collection", options(uri, alias="documents_v1"), fails=True)
    assert "alias documents_v1 is the name of a collection" in taken["msg"]
    shadow = run_module("milvus_collection", options(uri, name="reports"), fails=True)
    assert "name reports is an alias of collection documents_v2" in shadow["msg"]


def test_zombie_alias_is_healed(uri: str) -> None:
    """A collection dropped under its alias leaves a name that only moving it frees."""
    client = MilvusClient(uri=uri, timeout=10)
    run_module("milvus_collection", options(uri))
    client.drop_collection("documents_v1")
    healed = run_module("milvus_collection", options(uri))
    assert healed["alias_target"] == "documents_v1"
    assert client.search("documents", data=[[0.5] * 8], limit=1) is not None
    assert not run_module("milvus_collection", options(uri))["changed"]


def test_missing_index_and_load_are_completed(uri: str) -> None:
    """What someone began by hand is completed in place."""
    client = MilvusClient(uri=uri, timeout=10)
    bare = options(uri, indexes=[], load=False, alias=None)
    run_module("milvus_collection", bare)
    insert(uri, "documents_v1", 2)
    assert run_module("milvus_collection", bare)["plan"] == []
    planned = run_module("milvus_collection", options(uri), check=True)
    assert client.list_indexes("documents_v1") == []
    done = run_module("milvus_collection", options(uri))
    assert done["diff"] == planned["diff"]
    assert "indexes.embedding" in [entry["path"] for entry in done["plan"]]
    assert done["rows"] == 2
    assert not run_module("milvus_collection", options(uri))["changed"]


def test_bad_input_changes_nothing(uri: str) -> None:
    """Every fault of a schema is named at once, before anything is written."""
    bad = options(uri, name="broken")
    bad["fields"] = [
        {"name": "text", "type": "VARCHAR"},
        {"name": "embedding", "type": "FLOAT_VECTOR"},
    ]
    bad["indexes"] = [{"field": "nowhere", "index_type": "HNSW", "metric_type": "L2"}]
    said = run_module("milvus_collection", bad, fails=True)["msg"]
    for part in (
        "nothing changed",
        "exactly one field must be primary_key, not 0",
        "field text (VARCHAR) needs max_length",
        "field embedding (FLOAT_VECTOR) needs dim",
        "index on nowhere: no such field",
        "vector field embedding needs an index",
    ):
        assert part in said
    assert MilvusClient(uri=uri, timeout=10).list_collections() == []


def test_database(uri: str) -> None:
    """A missing database is an error unless it may be created."""
    elsewhere = options(uri, database="tenant_a")
    missing = run_module("milvus_collection", elsewhere, fails=True)
    assert "database tenant_a does not exist" in missing["msg"]
    elsewhere["create_database"] = True
    assert run_module("milvus_collection", elsewhere, check=True)["changed"]
    assert "tenant_a" not in MilvusClient(uri=uri, timeout=10).list_databases()
    created = run_module("milvus_collection", elsewhere)
    assert created["plan"][0]["path"] == "database"
    assert run_module("milvus_collection", elsewhere)["plan"] == []
    inside = run_module("milvus_collection_info", {"uri": uri, "database": "tenant_a"})
    assert [c["name"] for c in inside["collections"]] == ["documents_v1"]
    run_module("milvus_collection", {**elsewhere, "state": "absent"})
    MilvusClient(uri=uri, timeout=10).drop_database("tenant_a")


def test_check_mode_sends_no_write(servers: dict[str, str], monkeypatch: Any) -> None:
    """The client's writing methods aren't called: each one would raise here."""
    from ansible_collections.ragops.platform.plugins.module_utils._milvus import api, ensure

    def forbidden(*_args: Any, **_options: Any) -> None:
        raise AssertionError("a write in check mode")

    for method in ("create_", "alter_", "drop_", "load_", "release_", "insert", "upsert"):
        for name in dir(api.MilvusClient):
            if name.startswith(method) and name != "create_schema":
                monkeypatch.setattr(api.MilvusClient, name, forbidden)
    params = {**options(servers["milvus"]), "kubernetes": None, "token": None, "timeout": 10}
    params |= {"ca": None, "server_name": None}
    params |= {"database": "default", "create_database": False, "description": None}
    params |= {"enable_dynamic_field": False, "load": True, "consistency_level": None}
    params |= {"on_schema_change": "recreate", "force_data_loss": True, "wait": True}
    params["fields"] = [
        {"primary_key": False, "auto_id": False, "partition_key": False, "nullable": False, **field}
        for field in params["fields"]
    ]
    with api.connect(params, set()) as server:
        assert ensure.Collection(server, params, check_mode=True).ensure_present().changed
        assert not ensure.Collection(server, params, check_mode=True).ensure_absent().changed


def test_unsupported_type_is_named_before_any_write(servers: dict[str, str]) -> None:
    """Milvus 2.3.5 knows no sparse vector and no null."""
    sparse = options(servers["milvus"], name="sparse")
    sparse["fields"][1]["nullable"] = True
    sparse["fields"][2] = {"name": "embedding", "type": "SPARSE_FLOAT_VECTOR"}
    said = run_module("milvus_collection", sparse, fails=True)["msg"]
    assert "field page: nullable needs Milvus 2.5" in said
    assert "SPARSE_FLOAT_VECTOR needs Milvus 2.4" in said


def test_a_server_without_users_is_told_before_any_write(servers: dict[str, str]) -> None:
    """milvus-lite lets everybody do everything; what a role may do is test_milvus_role's."""
    asked = {"uri": servers["lite"], "name": "reader", "privileges": []}
    said = run_module("milvus_role", asked, fails=True)["msg"]
    assert "role reader, nothing changed: milvus_lite" in said
    assert "has no users and roles" in said


@pytest.fixture
def certificates(tmp_path: Path) -> tuple[pki.Authority, pki.Pair]:
    """An authority, and a certificate that it gave to the name of a Service."""
    authority = pki.Authority(tmp_path, "ca")
    name = "milvus.milvus.svc.cluster.local"
    return authority, authority.server("milvus", file="tls", hosts=[name])


def test_wrong_token_server_down_silence_and_strangers_are_told_apart(
    certificates: tuple[pki.Authority, pki.Pair],
) -> None:
    """Failures that the client library reports in the same words, on a server with TLS."""
    authority, pair = certificates
    tls = (pair.certificate, pair.key)
    with milvus_server("milvus", authorization=True, tls=tls) as uri:
        trusted = {
            "ca": authority.files.certificate.read_text(),
            "server_name": "milvus.milvus.svc.cluster.local",
        }
        good = {"uri": uri, "token": "root:Milvus", **trusted}
        assert run_module("milvus_collection_info", good)["collections"] == []
        began = time.monotonic()
        wrong = {**good, "token": "root:not-the-password"}
        said = run_module("milvus_collection_info", wrong, fails=True)
        assert "runs, but rejected the login" in said["msg"]
        assert "check the option token" in said["msg"]
        assert "not-the-password" not in str(said)
        said = run_module("milvus_collection_info", {"uri": uri, **trusted}, fails=True)
        assert "set the option token" in said["msg"]
        assert time.monotonic() - began < 15  # at once, not after wait_timeout
        # Nobody gets the password who can't prove to be the server.
        for option, why in {"ca": "handshake", "server_name": "hostname verification"}.items():
            stranger = {**good, option: None, "wait_timeout": 1}
            said = run_module("milvus_collection_info", stranger, fails=True)
            assert "the call failed: UNAVAILABLE" in said["msg"]
            assert why in said["msg"].lower()
        plain = {**good, "uri": uri.replace("https", "http"), "wait_timeout": 1}
        said = run_module("milvus_collection_info", plain, fails=True)
        assert "did not answer within wait_timeout" in said["msg"]
    with socket.create_server(("127.0.0.1", 0)) as silent:
        hole = f"http://127.0.0.1:{silent.getsockname()[1]}"
        said = run_module("milvus_collection_info", {"uri": hole, "wait_timeout": 2}, fails=True)
        assert "accepts TCP connections but does not answer" in said["msg"]
    said = run_module("milvus_collection_info", {"uri": hole, "wait_timeout": 1}, fails=True)
    assert "no TCP connection, the server is down" in said["msg"]


def test_examples(servers: dict[str, str], tmp_path: Path) -> None:
    """The documented tasks run; only the way to the server is the test's."""
    tasks = examples("milvus_collection")[:1] + examples("milvus_collection_info")
    tasks += examples("milvus_collection")[1:]
    for task in tasks:
        module = next(task[key] for key in task if key.startswith("ragops."))
        module.pop("kubernetes", None)
        module["uri"] = servers["milvus"]
    client = MilvusClient(uri=servers["milvus"], timeout=10)
    for alias in client.list_aliases()["aliases"]:
        client.drop_alias(alias)
    for name in client.list_collections():
        client.drop_collection(name)
    created, one, every, dropped = play(tasks, tmp_path)
    assert created["changed"]
    assert one["collections"][0]["aliases"] == ["documents"]
    assert [c["name"] for c in every["collections"]] == ["documents_v1"]
    assert dropped["changed"]
    with pytest.raises(MilvusException):
        client.describe_collection("documents_v1")
