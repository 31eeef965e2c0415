"""A node's first process: mounts, network, then its servers, which it keeps running.

Run by `node_enter` inside the node's own namespaces. Standard library only, and
few imports: it starts three times on a machine that is busy starting everything.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rehearsal.cluster.policies import plugin

READY_TIMEOUT = 60.0
RESTART_PAUSE = 1.0


def main(spec_file: str, world_network: str) -> None:
    """Set the node up and keep its servers; ends only by being killed."""
    spec = json.loads(Path(spec_file).read_text())
    socket.sethostname(spec["name"])
    _mount(spec)
    _connect(spec, world_network)
    os.close(int(world_network))
    servers = {"containerd": _start(spec, "containerd")}
    _await_socket(spec["containerd_socket"])
    ctr = _run("ctr", "--address", spec["containerd_socket"], "--namespace", "k8s.io")
    if (new := Path(spec["new"])).exists():
        # An ended world's; their writable layers go with them.
        if containers := ctr("containers", "list", "--quiet").split():
            ctr("containers", "remove", *containers)
        new.unlink()
    for archive in spec["archives"]:
        ctr("images", "import", "--no-unpack", archive)
    _await_port(*spec["api_server"])
    _announce(spec)
    for name in ("kubelet", "kube-proxy"):
        servers[name] = _start(spec, name)
    _say("kubelet and kube-proxy are started")
    _keep(spec, servers)


def _say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)  # noqa: T201 - this is its log


def _run(*prefix: str) -> Any:
    def run(*arguments: str) -> str:
        command = [*prefix, *arguments]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            _say(f"{' '.join(command)}: {done.stderr.strip() or done.stdout.strip()}")
            raise SystemExit(1)
        return done.stdout

    return run


_mount_command = _run("mount")
_ip = _run("ip")


def _mount(spec: dict[str, Any]) -> None:
    """Give the node its own /run, /var/log, /var/lib/cni, /etc/hosts and control groups."""
    # Descriptors, since the new mounts may lie over what they come from.
    sources = {
        target: os.open(source, os.O_RDONLY)
        for target, source in {**spec["folders"], **spec["files"]}.items()
    }
    _mount_command("-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run")
    _mount_command("-t", "tmpfs", "-o", "mode=755", "tmpfs", "/var/log")
    _own_folder("/var/lib/cni")
    for target, descriptor in sources.items():
        if target in spec["folders"]:
            Path(target).mkdir(parents=True, exist_ok=True)
        _bind(descriptor, os.path.realpath(target))
        os.close(descriptor)
    _mount_cgroups(spec["hierarchies"])


def _bind(descriptor: int, target: str) -> None:
    if not Path(target).exists():  # a link into /run, which is empty now
        Path(target).parent.mkdir(parents=True, exist_ok=True)
        Path(target).touch()
    # Not canonicalized: mount(8) would follow the link to a path that may be hidden.
    command = ["mount", "--no-canonicalize", "--bind", f"/proc/self/fd/{descriptor}", target]
    done = subprocess.run(command, pass_fds=[descriptor], capture_output=True, text=True)
    if done.returncode:
        _say(f"{' '.join(command)}: {done.stderr.strip()}")
        raise SystemExit(1)


def _own_folder(path: str) -> None:
    """An empty, writable folder at `path`, without making anything on the machine."""
    if not Path(path).is_dir():
        parent = str(Path(path).parent)
        layers = Path("/run") / parent.strip("/").replace("/", "-")
        for layer in ("upper", "work"):
            (layers / layer).mkdir(parents=True)
        _mount_command(
            "-t",
            "overlay",
            "-o",
            f"lowerdir={parent},upperdir={layers}/upper,workdir={layers}/work",
            "overlay",
            parent,
        )
        Path(path).mkdir()
    _mount_command("-t", "tmpfs", "tmpfs", path)


def _mount_cgroups(hierarchies: Sequence[dict[str, str]]) -> None:
    if not hierarchies:
        return
    _mount_command("-t", "tmpfs", "-o", "mode=755", "tmpfs", "/sys/fs/cgroup")
    for hierarchy in hierarchies:
        target = Path("/sys/fs/cgroup") / hierarchy["name"]
        target.mkdir()
        _mount_command("-t", "cgroup", "-o", hierarchy["options"], "cgroup", str(target))
        if "," in hierarchy["name"]:
            for alias in hierarchy["name"].split(","):
                (target.parent / alias).symlink_to(hierarchy["name"])


def _connect(spec: dict[str, Any], world_network: str) -> None:
    """A cable from eth0 to the world's bridge, and the ways to the other nodes' pods."""
    network = f"/proc/{os.getpid()}/fd/{world_network}"
    cable = spec["cable"]
    _ip("link", "set", "lo", "up")
    _ip("link", "add", "eth0", "type", "veth", "peer", "name", cable)
    _ip("link", "set", cable, "netns", network)
    outside = _run("nsenter", f"--net={network}", "ip")
    outside("link", "set", cable, "master", spec["bridge"], "up")
    outside("route", "replace", spec["pods"], "via", spec["address"])
    _ip("address", "add", f"{spec['address']}/24", "dev", "eth0")
    _ip("link", "set", "eth0", "up")
    _ip("route", "add", "default", "via", spec["gateway"])
    for subnet, address in spec["routes"].items():
        _ip("route", "add", subnet, "via", address)
    Path("/proc/sys/net/ipv4/ip_forward").write_text("1")


def _start(spec: dict[str, Any], name: str) -> subprocess.Popen[bytes]:
    with Path(f"{spec['logs']}.{name}.log").open("ab") as log:
        return subprocess.Popen(
            spec["servers"][name], stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
        )


def _await_socket(path: str) -> None:
    _await(f"containerd at {path}", lambda: socket.socket(socket.AF_UNIX), path)


def _await_port(host: str, port: int) -> None:
    _await(f"the API server at {host}:{port}", socket.socket, (host, port))


def _await(what: str, make: Any, address: Any) -> None:
    deadline = time.monotonic() + READY_TIMEOUT
    while True:
        try:
            with make() as probe:
                probe.settimeout(2)
                probe.connect(address)
        except OSError as error:
            if time.monotonic() > deadline:
                _say(f"{what} does not answer: {error}")
                raise SystemExit(1) from error
            time.sleep(0.1)
        else:
            return


def _announce(spec: dict[str, Any]) -> None:
    """Have all pods' traffic closed before there are any: who enforces policies opens it."""
    message = {"event": "start", "node": spec["name"], "pods": spec["pods"]}
    deadline = time.monotonic() + READY_TIMEOUT
    while True:
        try:
            plugin.ask(message, plugin.ADD_TIMEOUT)
        except (OSError, RuntimeError) as error:
            if time.monotonic() > deadline:
                _say(f"network policies can't be enforced here: {error}")
                raise SystemExit(1) from error
            time.sleep(0.1)
        else:
            return


def _keep(spec: dict[str, Any], servers: dict[str, subprocess.Popen[bytes]]) -> None:
    """Collect what ends, as the first process must, and start a server again that ended."""
    while True:
        pid, status = os.wait()
        for name, server in servers.items():
            if server.pid == pid:
                server.returncode = os.waitstatus_to_exitcode(status)
                _say(f"{name} ended with {server.returncode}, it is started again")
                time.sleep(RESTART_PAUSE)
                servers[name] = _start(spec, name)
                break


if __name__ == "__main__":
    main(*sys.argv[1:])
