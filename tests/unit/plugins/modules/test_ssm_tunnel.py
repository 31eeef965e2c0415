"""A tunnel through an instance: opened once per run, reopened, and gone when the run is."""

from __future__ import annotations

import json
import os
import signal
import socket
import socketserver
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.ragops.platform.plugins.module_utils._tunnel import owner
from ansible_collections.ragops.platform.plugins.module_utils._tunnel.open import (
    find_or_open,
    wish,
)
from support.checkout import ROOT
from support.lifecycle import World
from support.module_process import examples, play

from rehearsal import enter as entering

NAME = "ragops-dev-bastion"
MODULE = "ssm_tunnel"
PLUGIN = entering.PROGRAMS / "session-manager-plugin"
MANAGED = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
PATIENCE = 20


class Echo(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        for line in self.rfile:
            self.wfile.write(b"echo " + line)


@pytest.fixture
def remote() -> Iterator[int]:
    """The port of a server that stands for what the instance reaches."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Echo) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield int(server.server_address[1])
        server.shutdown()


@pytest.fixture
def starts(tmp_path: Path, remote: int, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the plugin, which is on PATH, notes its starts."""
    program = tmp_path / "bin/session-manager-plugin"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} {PLUGIN} "$@"\n')
    program.chmod(0o755)
    notes = tmp_path / "starts"
    notes.touch()
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("PLUGIN_STARTS", str(notes))
    monkeypatch.setenv("REMOTE_PORT", str(remote))
    return notes


def noted(notes: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in notes.read_text().splitlines()]


def launch(world: World, managed: bool = True) -> str:
    """Run an instance as role bastion does; return its id."""
    ec2, iam = world.aws.client("ec2"), world.aws.client("iam")
    iam.create_role(RoleName=NAME, AssumeRolePolicyDocument='{"Statement": []}')
    if managed:
        iam.attach_role_policy(RoleName=NAME, PolicyArn=MANAGED)
    iam.create_instance_profile(InstanceProfileName=NAME)
    iam.add_role_to_instance_profile(InstanceProfileName=NAME, RoleName=NAME)
    tags = [{"Key": "Name", "Value": NAME}, {"Key": "Component", "Value": "bastion"}]
    made = ec2.run_instances(
        ImageId="ami-12345678",
        InstanceType="t3.micro",
        MinCount=1,
        MaxCount=1,
        IamInstanceProfile={"Name": NAME},
        TagSpecifications=[{"ResourceType": "instance", "Tags": tags}],
    )
    return str(made["Instances"][0]["InstanceId"])


@pytest.fixture
def run_folder(tmp_path: Path) -> Iterator[Path]:
    """The folder of a run; all that belongs to it ends when it is gone."""
    folder = tmp_path / "run"
    folder.mkdir(mode=0o700)
    yield folder
    if folder.exists():
        folder.rename(tmp_path / "over")


def options(folder: Path, **more: Any) -> dict[str, Any]:
    return {"name": NAME, "host": "api.example", "folder": str(folder), "wait_timeout": 0, **more}


def says(port: int, text: str = "hello") -> str:
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        connection.sendall(f"{text}\n".encode())
        return connection.makefile().readline().strip()


def until(happened: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < end, what
        time.sleep(0.1)


def alive(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"


def closed(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def open_sessions(world: World) -> list[dict[str, Any]]:
    found = world.aws.client("ssm").describe_sessions(State="Active")
    return list(found["Sessions"])


def test_a_tunnel_lasts_as_long_as_the_folder_of_its_run(
    world: World, starts: Path, run_folder: Path
) -> None:
    target = launch(world)
    tunnel = world.run(MODULE, options(run_folder))
    assert (tunnel["changed"], tunnel["exists"], tunnel["host"]) == (False, True, "127.0.0.1")
    assert says(tunnel["port"]) == "echo hello"
    (start,) = noted(starts)
    asked = json.loads(start["argv"][5])
    assert asked["Target"] == target
    assert asked["DocumentName"] == "AWS-StartPortForwardingSessionToRemoteHost"
    assert asked["Parameters"]["host"] == ["api.example"]
    assert asked["Parameters"]["portNumber"] == ["443"]
    assert (start["region"], start["endpoint"]) == ("us-east-1", world.aws.url)
    assert [each["SessionId"] for each in open_sessions(world)] == [start["session"]]
    # Nobody reads the token of the session in a process list, and no key in a file.
    assert "TokenValue" not in json.dumps(start["argv"])
    for file in run_folder.iterdir():
        assert file.stat().st_mode & 0o077 == 0 or file.suffix == ".log", file
        assert world.aws.environment["AWS_SECRET_ACCESS_KEY"] not in file.read_text()
    run_folder.rename(run_folder.with_name("over"))
    until(lambda: closed(tunnel["port"]), "the port is still open")
    until(lambda: not alive(start["pid"]) and not alive(tunnel["pid"]), "a process is left")
    until(lambda: open_sessions(world) == [], "the session is still open")


def test_components_side_by_side_share_one(world: World, starts: Path, run_folder: Path) -> None:
    launch(world)
    program = [
        *(sys.executable, "-c"),
        "import sys, pathlib; from ansible_collections.ragops.platform.plugins.module_utils."
        "_tunnel.open import *; print(find_or_open(wish(*sys.argv[1:3], 443, 'us-east-1', "
        "pathlib.Path(sys.argv[3]), 0), {})['port'])",
        *(launched(world), "api.example", str(run_folder)),
    ]
    collections = str(ROOT / "collections")
    environment = {**os.environ, **world.aws.environment, "PYTHONPATH": collections}

    def ask(_: int) -> str:
        done = subprocess.run(program, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(ask, range(4)))) == 1
    assert len(noted(starts)) == 1


def launched(world: World) -> str:
    (found,) = world.aws.client("ec2").describe_instances()["Reservations"]
    return str(found["Instances"][0]["InstanceId"])


def test_a_session_that_ends_is_replaced_at_the_same_port(
    world: World, starts: Path, run_folder: Path
) -> None:
    launch(world)
    tunnel = world.run(MODULE, options(run_folder))
    assert says(tunnel["port"]) == "echo hello"
    # What SSM does with an idle session: the plugin ends.
    ended = noted(starts)[0]["pid"]
    os.kill(ended, signal.SIGKILL)
    # A zombie's other threads may hold its port a moment longer: only a reaped one holds nothing.
    until(lambda: not Path(f"/proc/{ended}").exists(), "the plugin is still there")
    assert says(tunnel["port"], "again") == "echo again"
    assert len({start["session"] for start in noted(starts)}) == 2
    assert world.run(MODULE, options(run_folder))["port"] == tunnel["port"]


def test_a_run_that_is_killed_leaves_nothing(world: World, starts: Path, tmp_path: Path) -> None:
    target = launch(world)
    with subprocess.Popen(["/bin/sleep", "600"]) as run:
        folder = tmp_path / "killed"
        folder.mkdir()
        made = wish(target, "api.example", 443, "us-east-1", folder, 0, owner=run.pid)
        tunnel = find_or_open(made, world.aws.environment)
        assert says(tunnel["port"]) == "echo hello"
        run.kill()
    until(lambda: closed(tunnel["port"]), "the port is still open")
    until(lambda: not alive(noted(starts)[0]["pid"]), "the plugin is still there")
    assert open_sessions(world) == []
    assert folder.exists()


def test_the_run_is_the_ancestor_that_its_folder_is_named_by() -> None:
    parent = os.getppid()
    assert owner.of_folder(Path(f"/run/ansible-local-{parent}7x_2abc")) == parent
    assert owner.of_folder(Path("/run/anything")) == 0


def test_an_instance_that_ssm_has_not_heard_of_is_named(
    world: World, starts: Path, run_folder: Path
) -> None:
    launch(world, managed=False)
    failed = world.run(MODULE, options(run_folder), fails=True)
    assert "is not connected" in failed["msg"]
    assert "with the IAM role of role bastion" in failed["msg"]
    assert noted(starts) == []


def test_an_instance_that_ssm_hears_of_later_is_waited_for(
    world: World, starts: Path, run_folder: Path
) -> None:
    launch(world, managed=False)
    iam = world.aws.client("iam")
    later = threading.Timer(
        3, iam.attach_role_policy, kwargs={"RoleName": NAME, "PolicyArn": MANAGED}
    )
    later.start()
    tunnel = world.run(MODULE, options(run_folder, wait_timeout=PATIENCE))
    assert says(tunnel["port"]) == "echo hello"
    assert len(noted(starts)) == 1


def test_without_an_instance_a_plan_goes_on_and_a_run_says_what_to_do(
    world: World, run_folder: Path
) -> None:
    assert world.run(MODULE, options(run_folder), check=True)["exists"] is False
    failed = world.run(MODULE, options(run_folder), fails=True)
    assert "Run the components network and bastion first" in failed["msg"]


def test_without_the_plugin_it_says_what_to_install(
    world: World, run_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    launch(world)
    monkeypatch.setenv("PATH", "/nowhere")
    failed = world.run(MODULE, options(run_folder), fails=True)
    assert "session-manager-plugin is not on PATH" in failed["msg"]


def test_the_example_runs_and_nothing_is_left(world: World, starts: Path, tmp_path: Path) -> None:
    launch(world)
    environment = {**world.aws.environment, "PATH": os.environ["PATH"]}
    environment |= {name: os.environ[name] for name in ("PLUGIN_STARTS", "REMOTE_PORT")}
    (result,) = play(examples(MODULE), tmp_path, environment)
    assert result["exists"] is True
    (start,) = noted(starts)
    until(lambda: closed(result["port"]), "the port is still open")
    until(lambda: not alive(start["pid"]) and not alive(result["pid"]), "a process is left")
