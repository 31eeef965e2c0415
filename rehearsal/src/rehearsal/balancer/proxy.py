"""HAProxy as the load balancers' data path: its settings, and targets at run time."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from rehearsal.balancer.health import DRAINING, HEALTHY, INITIAL, Target
from rehearsal.balancer.wanted import Balancer, Rule

SLOTS = 48
"""Targets that a target group may have; ALB's own limit is 1000."""

# ALB tries no second target: a request that meets a pod which is gone fails, as it should here.
HEAD = """\
global
    stats socket {folder}/haproxy.sock mode 600 level admin expose-fd listeners
    maxconn 4096
    ssl-load-extra-del-ext
    hard-stop-after 300s
defaults
    mode http
    timeout connect 10s
    timeout client {idle}s
    timeout server {idle}s
    timeout http-keep-alive {idle}s
    retries 0
    option forwardfor
    option http-keep-alive
    http-reuse safe
"""


def pattern(text: str) -> str:
    """A pattern of ALB (* and ?) as a regular expression."""
    return "".join({"*": ".*", "?": "."}.get(letter, re.escape(letter)) for letter in text)


def condition(rule: Rule) -> str:
    """A rule's condition: any of its paths, and its host."""
    paths = "|".join(pattern(path) for path in rule.paths)
    host = f" {{ hdr(host) -m reg -i ^{pattern(rule.host)}(:[0-9]+)?$ }}" if rule.host else ""
    return f"{{ path -m reg ^({paths})$ }}{host}"


def settings(
    folder: Path,
    certificate: Path,
    balancers: Mapping[str, Balancer],
    addresses: Mapping[str, str],
    slots: Mapping[str, Sequence[Target | None]],
    serving: set[int],
) -> str:
    """The whole configuration. addresses: by stack; slots: by target group; serving: ids."""
    idle = [
        int(value)
        for each in balancers.values()
        for key, value in each.attributes
        if key == "idle_timeout.timeout_seconds"
    ]
    text = HEAD.format(folder=folder, idle=max(idle, default=60))
    for number, (stack, each) in enumerate(sorted(balancers.items())):
        for listener in each.listeners:
            secure = listener.protocol == "HTTPS"
            tls = f" ssl crt {certificate} alpn h2,http/1.1" if secure else ""
            text += f"frontend lb{number}-{listener.port}\n"
            text += f"    bind {addresses[stack]}:{listener.port}{tls}\n"
            # What the load balancer's security group does.
            if each.cidrs and "0.0.0.0/0" not in each.cidrs:
                names = " ".join(each.cidrs)
                text += f"    tcp-request connection reject unless {{ src {names} }}\n"
            text += (
                f"    http-request set-header X-Forwarded-Proto {'https' if secure else 'http'}\n"
            )
            text += f"    http-request set-header X-Forwarded-Port {listener.port}\n"
            if listener.redirect:
                target = f"https://%[hdr(host),field(1,:)]:{listener.redirect}%[capture.req.uri]"
                text += f"    http-request redirect location {target} code 301\n"
                continue
            if listener.sign_in:
                text += f"    http-request redirect location {listener.sign_in} code 302\n"
            for rule in each.rules:
                text += f"    use_backend {rule.group.name} if {condition(rule)}\n"
            text += "    default_backend none\n"
    for name, targets in slots.items():
        text += f"backend {name}\n    balance roundrobin\n"
        text += "".join(server(i, target, serving) for i, target in enumerate(targets))
    # The controller's default action.
    return f"{text}backend none\n    http-request return status 404\n"


def server(index: int, target: Target | None, serving: set[int]) -> str:
    """The line of one slot."""
    if target is None:
        return f"    server t{index} 127.0.0.1:1 disabled\n"
    state = "" if id(target) in serving else " disabled"
    return f"    server t{index} {target.address[0]}:{target.address[1]}{state}\n"


class Proxy:
    """One HAProxy for all load balancers; it runs while there is one."""

    def __init__(self, folder: Path, certificate: Path, log: Path) -> None:
        self._folder, self._certificate, self._log = folder, certificate, log
        self._process: subprocess.Popen[bytes] | None = None
        self._shape = ""
        self._slots: dict[str, list[Target | None]] = {}
        self._told: dict[tuple[str, int], tuple[object, str]] = {}
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def apply(
        self,
        balancers: Mapping[str, Balancer],
        addresses: Mapping[str, str],
        targets: Mapping[str, Sequence[Target]],
    ) -> None:
        """Serve these. targets: by target group, the draining ones too."""
        if not balancers:
            self._stop()
            return
        self._place(targets)
        serving = {id(target) for each in targets.values() for target in in_service(each)}
        shape = repr((sorted(balancers.items()), sorted(addresses.items()), sorted(targets)))
        if shape != self._shape:
            text = settings(
                self._folder, self._certificate, balancers, addresses, self._slots, serving
            )
            self._reload(text)
            self._shape = shape
            self._told = {}
        for name, slots in self._slots.items():
            for index, target in enumerate(slots):
                self._tell(name, index, target, serving)

    def _place(self, targets: Mapping[str, Sequence[Target]]) -> None:
        """Keep each target in its slot, put new ones into free slots."""
        self._slots = {name: self._slots.get(name, [None] * SLOTS) for name in targets}
        for name, wanted in targets.items():
            slots, ids = self._slots[name], {id(target) for target in wanted}
            slots[:] = [slot if slot is not None and id(slot) in ids else None for slot in slots]
            placed = {id(slot) for slot in slots}
            for target in wanted:
                if id(target) not in placed and None in slots:
                    slots[slots.index(None)] = target

    def _tell(self, name: str, index: int, target: Target | None, serving: set[int]) -> None:
        if target is None:
            wish: tuple[object, str] = (None, "maint")
        elif id(target) in serving:
            wish = (target.address, "ready")
        else:
            wish = (target.address, "drain" if target.state == DRAINING else "maint")
        before = self._told.get((name, index), (None, "maint"))
        if wish == before:
            return
        place = f"{name}/t{index}"
        commands = []
        if target is not None and wish[0] != before[0]:
            commands.append(f"set server {place} addr {target.address[0]} port {target.address[1]}")
        if target is None:
            commands.append(f"shutdown sessions server {place}")
        commands.append(f"set server {place} state {wish[1]}")
        for command in commands:
            self._command(command)
        self._told[(name, index)] = wish

    def _command(self, command: str) -> str:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            client.settimeout(5)
            client.connect(str(self._folder / "haproxy.sock"))
            client.sendall(command.encode() + b"\n")
            return client.makefile().read()

    def _reload(self, text: str) -> None:
        file = self._folder / "haproxy.cfg"
        file.write_text(text)
        before = self._worker()
        if self._process is None or self._process.poll() is not None:
            with self._log.open("ab") as log:
                self._process = subprocess.Popen(
                    ["haproxy", "-W", "-db", "-f", str(file)],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                )
        else:
            # A new worker takes the listening sockets over; the old one ends its requests.
            self._process.send_signal(signal.SIGUSR2)
        deadline = time.monotonic() + 30
        while self._worker() in ("", before):
            if time.monotonic() > deadline:
                raise RuntimeError(f"HAProxy does not take its settings: see {self._log}")
            time.sleep(0.05)

    def _worker(self) -> str:
        """Process id of the worker that answers; empty when none does."""
        try:
            found = re.search(r"^Pid: (\d+)$", self._command("show info"), re.MULTILINE)
        except OSError:
            return ""
        return found[1] if found else ""

    def _stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
        self._process, self._shape, self._slots, self._told = None, "", {}, {}


def in_service(targets: Sequence[Target]) -> list[Target]:
    """Which targets get requests: the healthy ones, or all that are left when none is."""
    healthy = [target for target in targets if target.state == HEALTHY]
    checked = [target for target in targets if target.state not in (DRAINING, INITIAL)]
    return healthy or checked
