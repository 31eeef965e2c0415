"""A user's kubeconfig is taken over so that it works behind the relay."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
import yaml

from rehearsal import own_cluster
from rehearsal.paths import Places
from rehearsal.relay import from_port, from_socket, to_address, to_socket
from rehearsal.world import WorldError

KUBECONFIG = """
current-context: two
contexts:
  - {name: one, context: {cluster: one, user: one}}
  - {name: two, context: {cluster: two, user: two, namespace: here}}
clusters:
  - {name: one, cluster: {server: "https://one.example"}}
  - {name: two, cluster: {server: "https://two.example:6443", certificate-authority: ca.crt}}
users:
  - {name: one, user: {token: not-this-one}}
  - {name: two, user: {token: secret}}
"""


def test_the_current_context_goes_through_the_relay(tmp_path: Path) -> None:
    source = tmp_path / "config"
    source.write_text(KUBECONFIG)
    places = Places(tmp_path / "data", tmp_path / "cache")
    places.data.mkdir()
    own_cluster.take_over(source, places)
    path = places.data / "own-kubeconfig"
    assert path.stat().st_mode & 0o077 == 0
    taken = yaml.safe_load(path.read_text())
    assert taken["clusters"][0]["cluster"] == {
        "server": "https://aws.rehearsal.internal:16443",
        "tls-server-name": "two.example",
        "certificate-authority": str(tmp_path / "ca.crt"),
    }
    assert taken["contexts"][0]["context"]["namespace"] == "here"
    assert "not-this-one" not in path.read_text()


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (KUBECONFIG.replace("current-context: two", "current-context: three"), "'three'"),
        (KUBECONFIG.replace("https://two", "http://two"), "no https address"),
        ("{", "no usable current context"),
        ("", "no usable current context"),
    ],
)
def test_a_kubeconfig_that_cannot_be_used_is_named(
    tmp_path: Path, content: str, cause: str
) -> None:
    source = tmp_path / "config"
    source.write_text(content)
    with pytest.raises(WorldError, match=cause) as caught:
        own_cluster.take_over(source, Places(tmp_path, tmp_path))
    assert str(source) in str(caught.value)


def test_what_goes_in_comes_out(tmp_path: Path) -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"said: " + await reader.read())
        writer.close()

    async def through_both() -> bytes:
        far = await asyncio.start_server(echo, "127.0.0.1", 0)
        port = far.sockets[0].getsockname()[1]
        path = tmp_path / "relay.sock"
        await from_socket(path, to_address("127.0.0.1", port))
        near = await from_port("127.0.0.1", 0, to_socket(path))
        reader, writer = await asyncio.open_connection(*near.sockets[0].getsockname())
        writer.write(b"x" * 200_000)
        writer.write_eof()
        answer = await reader.read()
        writer.close()
        return answer

    assert asyncio.run(through_both()) == b"said: " + b"x" * 200_000


def test_nobody_at_the_far_end_closes_the_connection(tmp_path: Path) -> None:
    async def try_it() -> bytes:
        near = await from_port("127.0.0.1", 0, to_socket(tmp_path / "none.sock"))
        reader, _ = await asyncio.open_connection(*near.sockets[0].getsockname())
        return await reader.read()

    assert asyncio.run(try_it()) == b""
