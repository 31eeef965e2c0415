# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Calls to a Milvus server: one method per call, each with a time limit and a named error."""

from __future__ import annotations

import base64
import contextlib
import logging
import os
import socket
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ..kubeconfig import secrets_of
from ..port_forward import OPTIONS, PortForwardError, port_forward
from ..progress import telling
from .plan import capabilities_of
from .transform import Dict, found_collection

# gRPC reads its trust store when it is loaded, and only from a variable of its own.
if "SSL_CERT_FILE" in os.environ:
    os.environ.setdefault("GRPC_DEFAULT_SSL_ROOTS_FILE_PATH", os.environ["SSL_CERT_FILE"])

try:
    import grpc  # type: ignore[import-untyped]
    from pymilvus import DataType, MilvusClient, MilvusException
    from pymilvus.grpc_gen import milvus_pb2, milvus_pb2_grpc

    MISSING = ""
except ImportError as error:
    MISSING = str(error)

CONNECTION_OPTIONS: Dict = {
    "uri": {"type": "str"},
    "kubernetes": OPTIONS,
    "token": {"type": "str", "no_log": True},
    "ca": {"type": "str"},
    "server_name": {"type": "str"},
    "timeout": {"type": "int", "default": 30},
    "database": {"type": "str", "default": "default"},
}
"""Argument specification that both modules share."""


class MilvusError(Exception):
    """What was asked for can't be done: the text names resource, cause and remedy.

    Args:
        message: the text.
        facts: further values of the module's result, such as the plan.
    """

    def __init__(self, message: str, **facts: Any) -> None:
        super().__init__(message)
        self.facts = facts


@dataclass(frozen=True)
class Trust:
    """How a server proves who it is.

    Attributes:
        file: PEM file of the authorities, empty for those that the machine trusts.
        name: name that its certificate must have, empty for that of its address.
    """

    file: str = ""
    name: str = ""

    @property
    def options(self) -> Dict:
        """The client library's options."""
        found = {"server_pem_path": self.file, "server_name": self.name}
        return {key: value for key, value in found.items() if value}

    def channel(self, address: str) -> Any:
        """An encrypted channel of gRPC to `host:port`."""
        roots = None
        if self.file:
            roots = Path(self.file).read_bytes()
        options = [("grpc.ssl_target_name_override", self.name)] if self.name else []
        return grpc.secure_channel(address, grpc.ssl_channel_credentials(roots), options)


@contextlib.contextmanager
def trust_of(params: Mapping[str, Any]) -> Iterator[Trust]:
    """Yield whom a module's parameters trust; the file of it exists meanwhile."""
    target = params["kubernetes"]
    # A relay is reached at a loopback address, for which no certificate is made.
    name = params["server_name"] or (
        f"{target['service']}.{target['namespace']}.svc.cluster.local" if target else ""
    )
    if not params["ca"]:
        yield Trust(name=name)
        return
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
        file.write(params["ca"])
        file.flush()
        yield Trust(file.name, name)


@contextlib.contextmanager
def connect(params: Mapping[str, Any], no_log: set[str]) -> Iterator[Server]:
    """Yield the server that a module's parameters name, once it answers.

    Args:
        params: the module's parameters.
        no_log: the module's set of secret strings, to which those of a kubeconfig are added.

    Raises:
        MilvusError: a library is missing, or the server isn't reachable, isn't a Milvus, rejects
            the token or doesn't answer within `wait_timeout`.
    """
    if MISSING:
        raise MilvusError(f"the Python library pymilvus is needed: {MISSING}")
    # The library prints a stack trace for each refused call, also for those handled here.
    logging.getLogger("pymilvus").setLevel(logging.CRITICAL + 1)
    target = params["kubernetes"]
    with trust_of(params) as trust:
        if not target:
            yield _open(params["uri"], params, trust, [])
            return
        no_log |= secrets_of(target.get("kubeconfig"))
        scheme = "https" if params["ca"] else "http"
        try:
            with port_forward(target) as forward:
                uri = f"{scheme}://{forward.host}:{forward.port}"
                yield _open(uri, params, trust, forward.errors)
        except PortForwardError as error:
            raise MilvusError(f"Milvus cannot be reached: {error}") from error


def _open(uri: str, params: Mapping[str, Any], trust: Trust, causes: list[str]) -> Server:
    deadline = time.monotonic() + params["wait_timeout"]
    token = params["token"] or ""
    await_answer(uri, token, trust, deadline, causes)
    try:
        return Server(uri, token, trust, params["timeout"], params["database"])
    except MilvusException as error:
        raise MilvusError(f"Milvus at {uri} refused the connection: {error.message}") from error


def await_answer(uri: str, token: str, trust: Trust, deadline: float, causes: list[str]) -> None:
    """Wait until the server answers a first call; tell its silence from a refused token.

    Args:
        uri: address of the server.
        token: token or empty.
        trust: whom to trust if the address is https.
        deadline: value of time.monotonic() at which to give up.
        causes: errors that a relay has seen meanwhile; the last one is quoted.

    Raises:
        MilvusError: at once for an invalid address or a refused token, else at the deadline.
    """
    address = urlsplit(uri)
    if address.scheme not in ("http", "https") or not address.hostname:
        raise MilvusError(f"uri {uri!r} is not an address such as http://127.0.0.1:19530")
    port = address.port or 19530
    asked = trust if address.scheme == "https" else None
    with telling(f"Milvus at {uri}", deadline - time.monotonic()) as teller:
        while cause := probe(address.hostname, port, asked, token):
            if time.monotonic() + 0.5 > deadline:
                behind = f" ({causes[-1]})" if causes else ""
                raise MilvusError(
                    f"Milvus at {uri} did not answer within wait_timeout: {cause}{behind}"
                )
            teller.tell(cause)
            time.sleep(0.5)


def probe(host: str, port: int, trust: Trust | None, token: str) -> str:
    """Return why the server doesn't answer, or nothing if it does."""
    try:
        socket.create_connection((host, port), timeout=3).close()
    except OSError as error:
        return f"no TCP connection, the server is down or the address is wrong: {error}"
    address = f"{host}:{port}"
    channel = trust.channel(address) if trust else grpc.insecure_channel(address)
    encoded = base64.b64encode(token.encode()).decode()
    metadata = [("authorization", encoded)] if token else []
    with contextlib.closing(channel):
        stub = milvus_pb2_grpc.MilvusServiceStub(channel)
        try:
            stub.GetVersion(milvus_pb2.GetVersionRequest(), timeout=5, metadata=metadata)
        except grpc.RpcError as error:
            return _rpc_cause(error, f"{host}:{port}", bool(token))
    return ""


def _rpc_cause(error: Any, address: str, has_token: bool) -> str:
    if error.code() == grpc.StatusCode.UNAUTHENTICATED:
        remedy = "check the option token" if has_token else "set the option token"
        raise MilvusError(
            f"Milvus at {address} runs, but rejected the login: {error.details()}; {remedy}"
        )
    if error.code() == grpc.StatusCode.DEADLINE_EXCEEDED:
        return (
            "it accepts TCP connections but does not answer (it is still starting, or is not"
            " Milvus)"
        )
    return f"the TCP connection works, but the call failed: {error.code().name} {error.details()}"


class Server:
    """A Milvus server: reads, and writes that the caller skips in check mode."""

    def __init__(self, uri: str, token: str, trust: Trust, timeout: float, database: str) -> None:
        self.options = {"uri": uri, "token": token, **trust.options}
        self.client = MilvusClient(**self.options, timeout=timeout)
        self.uri = uri
        self.trust = trust
        self.timeout = timeout
        self.database = database
        self.version = str(self.call("get_server_version", "the server"))
        self.capabilities = capabilities_of(self.version)
        self.databases = sorted(self.call("list_databases", "the server"))
        if database in self.databases:
            self.use_database()

    def call(self, method: str, what: str, *arguments: Any, **options: Any) -> Any:
        """Call a method of the client library; `what` names its object in an error.

        Raises:
            MilvusError: the server refused or didn't answer.
        """
        options.setdefault("timeout", self.timeout)
        try:
            return getattr(self.client, method)(*arguments, **options)
        except MilvusException as error:
            raise MilvusError(
                f"Milvus at {self.uri}: {method} of {what} failed: {error.message} "
                f"(code {error.code})"
            ) from error
        except grpc.RpcError as error:
            # What the login may not do, and what an older server has not, is no answer of its own.
            raise MilvusError(
                f"Milvus at {self.uri}: {method} of {what} was refused: {error.code().name}: "
                f"{error.details()}"
            ) from error

    def use_database(self) -> None:
        """Direct all later calls to the database.

        By a client of its own, since the library's `use_database` needs a newer server.
        """
        if self.database != "default":
            options: Dict = {"db_name": self.database, "timeout": self.timeout}
            self.client.close()
            self.client = MilvusClient(**self.options, **options)

    def create_database(self) -> None:
        """Create the database and use it."""
        self.call("create_database", f"database {self.database}", self.database)
        self.databases = sorted([*self.databases, self.database])
        self.use_database()

    def collections(self) -> list[str]:
        """Return the names of all collections, without aliases; none without the database."""
        if self.database not in self.databases:
            return []
        return sorted(self.call("list_collections", f"database {self.database}"))

    def collection(self, name: str) -> Dict:
        """Return a collection, normalised (see `transform.found_collection`)."""
        what = f"collection {name}"
        described = self.call("describe_collection", what, name)
        indexes = [
            self.call("describe_index", what, name, index)
            for index in self.call("list_indexes", what, name)
        ]
        # Milvus 2.3 finds the aliases of the default database only by list_aliases; milvus-lite
        # has them nowhere else.
        if self.capabilities["flavour"] == "lite":
            aliases = self.call("list_aliases", what, name)["aliases"]
        else:
            aliases = described["aliases"]
        state = self.load_state(name)
        return found_collection(described, indexes, aliases, state, self.database)

    def load_state(self, name: str) -> str:
        """Return `loaded`, `loading` or `not loaded`."""
        answer = self.call("get_load_state", f"collection {name}", name)
        state = getattr(answer["state"], "name", str(answer["state"]))
        return {"Loaded": "loaded", "Loading": "loading"}.get(state, "not loaded")

    def alias_target(self, alias: str) -> str | None:
        """Return the collection that an alias points at, None if there is no such alias."""
        if self.database not in self.databases:
            return None
        if self.database != "default" and self.capabilities["flavour"] == "milvus":
            return self._owner_of(alias)
        try:
            answer = self.client.describe_alias(alias, timeout=self.timeout)
        except MilvusException as error:
            # Code 1600 on Milvus; milvus-lite has only its text for it.
            if error.code == 1600 or "does not exist" in error.message:
                return None
            raise MilvusError(
                f"Milvus at {self.uri}: describe_alias of {alias} failed: {error.message}"
            ) from error
        return str(answer["collection_name"])

    def _owner_of(self, alias: str) -> str | None:
        """Ask each collection for its aliases: 2.3 answers describe_alias for `default` only."""
        for name in self.collections():
            if alias in self.call("describe_collection", f"collection {name}", name)["aliases"]:
                return name
        return None

    def rows(self, name: str) -> int | None:
        """Count the rows, also those just written, or None while the collection can't answer."""
        options: Dict = {
            "filter": "",
            "output_fields": ["count(*)"],
            "consistency_level": "Strong",
            "timeout": min(self.timeout, 5),
        }
        try:
            return int(self.client.query(name, **options)[0]["count(*)"])
        except MilvusException:
            return None

    def create_collection(self, wanted: Mapping[str, Any], texts: Mapping[str, str]) -> None:
        """Create a collection with its schema, without indexes.

        Args:
            wanted: the collection, normalised.
            texts: descriptions of its fields by name.
        """
        schema = MilvusClient.create_schema(
            enable_dynamic_field=wanted["enable_dynamic_field"],
            description=wanted["description"] or "",
        )
        for field in wanted["fields"]:
            schema.add_field(field["name"], DataType[field["type"]], **_field_options(field, texts))
        level = wanted["consistency_level"]
        options = {"consistency_level": level} if level else {}
        what = f"collection {wanted['name']}"
        self.call("create_collection", what, wanted["name"], schema=schema, **options)

    def create_index(self, name: str, index: Mapping[str, Any]) -> None:
        """Create one index and wait until it is there."""
        params = MilvusClient.prepare_index_params()
        metric = {"metric_type": index["metric_type"]} if index["metric_type"] else {}
        numbers = {key: _number(value) for key, value in index["params"].items()}
        options: Dict = {"index_type": index["index_type"], **metric, "params": numbers}
        params.add_index(field_name=index["field"], **options)
        self.call("create_index", f"index on {name}.{index['field']}", name, params)

    def load(self, name: str) -> None:
        """Ask for the collection to be loaded; doesn't wait."""
        self.call("load_collection", f"collection {name}", name, _async=True)

    def release(self, name: str) -> None:
        """Release the collection from memory."""
        self.call("release_collection", f"collection {name}", name)

    def drop_collection(self, name: str) -> None:
        """Drop the collection with its rows."""
        self.call("drop_collection", f"collection {name}", name)

    def drop_alias(self, alias: str) -> None:
        """Drop an alias."""
        self.call("drop_alias", f"alias {alias}", alias)

    def point_alias(self, alias: str, name: str, exists: bool) -> None:
        """Point an alias at a collection.

        An alias whose collection was dropped is reported as missing by Milvus, and yet its name
        is taken; moving it heals it.
        """
        what = f"alias {alias} at {name}"
        if not exists:
            try:
                self.client.create_alias(name, alias, timeout=self.timeout)
            except MilvusException as error:
                if "exist" not in error.message:
                    raise MilvusError(f"create_alias of {what} failed: {error.message}") from error
            else:
                return
        self.call("alter_alias", what, name, alias)

    def search_problem(self, name: str, field: str, vector: Any, timeout: float) -> str:
        """Return why one search for this vector failed, or nothing if it answered."""
        options: Dict = {"anns_field": field, "limit": 1, "timeout": timeout}
        started = time.monotonic()
        try:
            self.client.search(name, data=[vector], **options)
        except MilvusException as error:
            return f"{error.message} (after {time.monotonic() - started:.1f} s)"
        return ""


def _field_options(field: Mapping[str, Any], texts: Mapping[str, str]) -> Dict:
    options: Dict = {"description": texts.get(field["name"], "")}
    flags = {"primary_key": "is_primary", "partition_key": "is_partition_key"}
    for flag in ("primary_key", "auto_id", "partition_key", "nullable"):
        if field[flag]:
            options[flags.get(flag, flag)] = True
    for size in ("max_length", "dim", "max_capacity"):
        if size in field:
            options[size] = field[size]
    if "element_type" in field:
        options["element_type"] = DataType[field["element_type"]]
    return options


def _number(text: str) -> Any:
    for kind in (int, float):
        with contextlib.suppress(ValueError):
            return kind(text)
    return text


def poll(problem: Callable[[float], str], timeout: float, waited_for: str) -> float:
    """Call until it reports no problem; return the seconds that took.

    Args:
        problem: gets the seconds left, returns what is still wrong or nothing.
        timeout: seconds after which to give up.
        waited_for: what to name in the error.

    Raises:
        MilvusError: at the time limit, with the last problem.
    """
    started = time.monotonic()
    with telling(waited_for, timeout) as teller:
        while True:
            left = timeout - (time.monotonic() - started)
            last = problem(max(left, 0.5))
            elapsed = time.monotonic() - started
            if not last:
                return round(elapsed, 3)
            if elapsed + 0.25 > timeout:
                raise MilvusError(f"{waited_for} did not happen within {timeout} s: {last}")
            teller.tell(last)
            time.sleep(0.25)
