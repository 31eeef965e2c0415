"""milvus_role against a real Milvus 2.3.5 with authorization: who may do what."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from ansible.module_utils.basic import AnsibleModule
from pymilvus import DataType, MilvusClient, MilvusException
from support.milvus_servers import milvus_server
from support.module_process import examples, play, run_module

ROOT = "root:Milvus"
USER, PASSWORD = "ragops_app_1", "a" * 40
ROLE = "ragops_app"
VECTOR = [1.0, 0.0, 0.0, 0.0]


@pytest.fixture(scope="module")
def uri() -> Iterator[str]:
    """A server with two collections, of which the alias `documents` names one."""
    with milvus_server("milvus", authorization=True) as address:
        root = MilvusClient(uri=address, token=ROOT, timeout=30)
        for name in ("documents_v1", "other"):
            schema = MilvusClient.create_schema()
            schema.add_field("chunk_id", DataType.VARCHAR, max_length=64, is_primary=True)
            schema.add_field("embedding", DataType.FLOAT_VECTOR, dim=4)
            index = MilvusClient.prepare_index_params()
            index.add_index("embedding", index_type="FLAT", metric_type="COSINE")
            root.create_collection(name, schema=schema, index_params=index)
        root.create_alias("documents_v1", "documents")
        root.close()
        yield address


@pytest.fixture
def root(uri: str) -> Iterator[MilvusClient]:
    """A login that may do all, on a server without users and roles of ours."""
    client = MilvusClient(uri=uri, token=ROOT, timeout=30)
    for name in client.list_users():
        if name != "root":
            client.drop_user(name)
    for name in client.list_roles():
        if name not in ("admin", "public"):
            for grant in client.describe_role(name)["privileges"]:
                parts = ("object_type", "privilege", "object_name", "db_name")
                client.revoke_privilege(name, *(grant[part] for part in parts))
            client.drop_role(name)
    yield client
    client.close()


def options(uri: str, **changes: Any) -> dict[str, Any]:
    """The role of the application as role milvus asks for it."""
    return {
        "uri": uri,
        "token": ROOT,
        "name": ROLE,
        "user": USER,
        "password": PASSWORD,
        "privileges": [
            {
                "object_names": ["documents", "documents_v1"],
                "privileges": ["Search", "Query", "Upsert", "Delete"],
            },
            {"object_type": "Global", "privileges": ["DescribeCollection"]},
        ],
        **changes,
    }


def ensure(uri: str, **changes: Any) -> dict[str, Any]:
    """Plan it, do it as planned, and find nothing left to do."""
    asked = options(uri, **changes)
    planned = run_module("milvus_role", asked, check=True)
    done = run_module("milvus_role", asked)
    assert (done["changed"], done["diff"]) == (planned["changed"], planned["diff"])
    again = run_module("milvus_role", asked)
    assert not again["changed"]
    assert again["diff"]["before"] == done["diff"]["after"]
    assert PASSWORD not in str((planned, done, again))
    return done


@contextlib.contextmanager
def application(uri: str, password: str = PASSWORD) -> Iterator[MilvusClient]:
    """What has the application's login."""
    client = MilvusClient(uri=uri, token=f"{USER}:{password}", timeout=30)
    yield client
    client.close()


CALLS: dict[str, Callable[[MilvusClient], Any]] = {
    "search": lambda me: me.search("documents", data=[VECTOR], limit=1, timeout=30),
    "query": lambda me: me.query("documents", filter="", output_fields=["count(*)"], timeout=30),
    "upsert": lambda me: me.upsert("documents", [{"chunk_id": "a", "embedding": VECTOR}]),
    "delete": lambda me: me.delete("documents", filter='chunk_id == "a"'),
    "describe": lambda me: me.describe_collection("documents"),
    "directly": lambda me: me.search("documents_v1", data=[VECTOR], limit=1, timeout=30),
}
REFUSED: dict[str, Callable[[MilvusClient], Any]] = {
    "drop the collection": lambda me: me.drop_collection("documents_v1"),
    "drop the alias": lambda me: me.drop_alias("documents"),
    "drop the index": lambda me: me.drop_index("documents", "embedding"),
    "release it": lambda me: me.release_collection("documents"),
    "rename it": lambda me: me.rename_collection("documents_v1", "mine"),
    "search another": lambda me: me.search("other", data=[VECTOR], limit=1, timeout=30),
    "read another": lambda me: me.query("other", filter='chunk_id == "a"', timeout=30),
    "write another": lambda me: me.upsert("other", [{"chunk_id": "a", "embedding": VECTOR}]),
    "empty another": lambda me: me.delete("other", filter='chunk_id == "a"'),
    "make a collection": lambda me: me.create_collection("mine", dimension=4),
    "make a database": lambda me: me.create_database("mine"),
    "list users": lambda me: me.list_users(),
    "look at root": lambda me: me.describe_user("root"),
    "make a user": lambda me: me.create_user("eve", "password"),
    "drop root": lambda me: me.drop_user("root"),
    "change root's password": lambda me: me.update_password("root", "Milvus", "password"),
    "become an admin": lambda me: me.grant_role(USER, "admin"),
    "widen its role": lambda me: me.grant_privilege(ROLE, "Global", "All", "*"),
    "list roles": lambda me: me.list_roles(),
}


def test_the_application_may_do_its_work_and_nothing_else(uri: str, root: MilvusClient) -> None:
    made = ensure(uri)
    assert made["changed"]
    assert made["diff"]["before"] == {}
    assert made["role"]["user"] == {"name": USER, "password": "as wanted", "roles": [ROLE]}
    with application(uri) as me:
        for call in CALLS.values():
            call(me)
        for what, call in REFUSED.items():
            with pytest.raises((grpc.RpcError, MilvusException)) as refused:
                call(me)
            assert "permission deny" in str(refused.value), what
    assert sorted(root.list_collections()) == ["documents_v1", "other"]
    assert set(root.list_users()) == {"root", USER}


def widened(root: MilvusClient) -> None:
    root.grant_privilege(ROLE, "Global", "All", "*")
    root.grant_privilege(ROLE, "Collection", "Search", "other")
    root.grant_privilege(ROLE, "Collection", "*", "*")


def elsewhere(root: MilvusClient) -> None:
    root.create_database("tenant")
    root.grant_privilege(ROLE, "Collection", "Query", "*", "tenant")


DRIFT: dict[str, tuple[Callable[[MilvusClient], Any], str]] = {
    "widened": (widened, "privileges"),
    "widened in another database": (elsewhere, "privileges"),
    "narrowed": (
        lambda root: root.revoke_privilege(ROLE, "Collection", "Search", "documents"),
        "privileges",
    ),
    "another role": (lambda root: root.grant_role(USER, "admin"), "user"),
    "without the role": (lambda root: root.revoke_role(USER, ROLE), "user"),
    "another password": (lambda root: root.update_password(USER, PASSWORD, "b" * 40), "user"),
    "no user": (lambda root: root.drop_user(USER), "user"),
}


@pytest.mark.parametrize("drift", DRIFT)
def test_drift_is_put_right(uri: str, root: MilvusClient, drift: str) -> None:
    wanted = run_module("milvus_role", options(uri))["role"]
    change, field = DRIFT[drift]
    change(root)
    mended = ensure(uri)
    before = mended["diff"]["before"]
    assert [key for key in wanted if before[key] != wanted[key]] == [field]
    assert mended["role"] == wanted
    with application(uri) as me:
        for call in CALLS.values():
            call(me)
        for what in ("search another", "make a user"):
            with pytest.raises((grpc.RpcError, MilvusException)):
                REFUSED[what](me)
    if "tenant" in root.list_databases():
        root.drop_database("tenant")


def test_a_login_after_the_other_and_the_one_before_goes_at_last(
    uri: str, root: MilvusClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a rotation does: nobody is refused between the first step and the last."""
    run_module("milvus_role", options(uri))
    root.create_user("auditor", "password")
    root.create_role("reader")
    for role in (ROLE, "reader"):
        root.grant_role("auditor", role)
    # Beside tests of playbooks Ansible takes this process for its controller, and shows warnings
    # instead of returning them.
    warned: list[str] = []
    monkeypatch.setattr(AnsibleModule, "warn", lambda _, text, **__: warned.append(text))
    both = run_module("milvus_role", options(uri, user="ragops_app_2", password="c" * 40))
    assert both["other_users"] == ["auditor", USER]
    assert "Role ragops_app is also granted to auditor, ragops_app_1." in str(warned)
    with application(uri) as me:
        CALLS["search"](me)
    after = ensure(uri, user="ragops_app_2", password="c" * 40, purge_users=True)
    assert after["other_users"] == []
    assert set(root.list_users()) == {"auditor", "ragops_app_2", "root"}
    assert root.describe_user("auditor")["roles"] == ("reader",)


def test_what_it_had_may_be_kept_for_a_while(uri: str, root: MilvusClient) -> None:
    """Before an alias moves, the role reaches both collections."""
    run_module("milvus_role", options(uri))
    new = [{"object_names": ["documents", "documents_v2"], "privileges": ["Search"]}]
    both = ensure(uri, privileges=new, purge_privileges=False)
    assert "Search on Collection default.documents_v2" in both["role"]["privileges"]
    with application(uri) as me:
        CALLS["upsert"](me)
    assert len(ensure(uri, privileges=new)["role"]["privileges"]) == 2
    assert len(root.describe_role(ROLE)["privileges"]) == 2


def test_absent_takes_the_role_and_its_users(uri: str, root: MilvusClient) -> None:
    run_module("milvus_role", options(uri))
    gone = {"uri": uri, "token": ROOT, "name": ROLE, "state": "absent"}
    planned = run_module("milvus_role", gone, check=True)
    assert set(root.list_users()) == {"root", USER}
    done = run_module("milvus_role", gone)
    assert (done["changed"], done["diff"]) == (planned["changed"], planned["diff"])
    assert root.list_users() == ["root"]
    assert sorted(root.list_roles()) == ["admin", "public"]
    assert not run_module("milvus_role", gone)["changed"]


def test_bad_input_changes_nothing(uri: str, root: MilvusClient) -> None:
    bad = {"name": "admin", "user": "root", "password": "short"}
    said = run_module("milvus_role", options(uri, **bad), fails=True)["msg"]
    assert "role admin, nothing changed: role admin is built into Milvus" in said
    assert "user root always has all privileges" in said
    assert "password must have 6 to 72 characters" in said
    said = run_module("milvus_role", options(uri, user="1-2"), fails=True)["msg"]
    assert "the name of user 1-2 must be 1 to 32 letters" in said
    unknown = [{"privileges": ["Fly"]}]
    said = run_module("milvus_role", options(uri, privileges=unknown), fails=True)["msg"]
    assert "grant_privilege of Fly on Collection default.* to role ragops_app failed" in said
    assert root.list_users() == ["root"]


def test_who_may_not_manage_users_is_told_so(uri: str, root: MilvusClient) -> None:
    run_module("milvus_role", options(uri))
    own = f"{USER}:{PASSWORD}"
    said = run_module("milvus_role", options(uri, token=own), fails=True)["msg"]
    assert "was refused: PERMISSION_DENIED" in said
    assert root.describe_user(USER)["roles"] == (ROLE,)


def test_a_group_of_privileges_is_taken_back_by_the_newer_call() -> None:
    """Milvus from 2.5 on has groups, and no such server is to be had here."""
    from ansible_collections.ragops.platform.plugins.module_utils._milvus import access, api
    from ansible_collections.ragops.platform.plugins.module_utils._milvus.transform import Grant

    class Newer:
        def __init__(self) -> None:
            self.capabilities = {"privilege_groups": True}
            self.asked: list[tuple[Any, ...]] = []

        def call(self, method: str, what: str, *arguments: Any, **options: Any) -> None:
            if method == "revoke_privilege":
                raise api.MilvusError(f"can not operate the built-in privilege group: {what}")
            self.asked.append((method, arguments, options))

    server = Newer()
    grant = Grant("tenant", "Global", "*", "DatabaseAdmin")
    access.Access(server).revoke(ROLE, grant)
    assert server.asked == [
        ("revoke_privilege_v2", (ROLE, "DatabaseAdmin", "*"), {"db_name": "tenant"})
    ]
    server.capabilities = {"privilege_groups": False}
    with pytest.raises(api.MilvusError, match="privilege group: DatabaseAdmin on Global tenant"):
        access.Access(server).revoke(ROLE, grant)


def test_examples(uri: str, root: MilvusClient, tmp_path: Path) -> None:
    """The documented tasks run; only the way to the server and the passwords are the test's."""
    tasks = examples("milvus_role")
    for task in tasks:
        module = task["ragops.platform.milvus_role"]
        module.pop("kubernetes", None)
        module |= {"uri": uri, "token": ROOT}
        if "password" in module:
            module["password"] = PASSWORD
    made, dropped = play(tasks, tmp_path)
    assert (made["changed"], dropped["changed"]) == (True, True)
    assert root.list_users() == ["root"]
