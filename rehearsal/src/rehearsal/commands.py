"""What each command of `rehearsal` does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from rehearsal import caches, checks, disk
from rehearsal import enter as entering
from rehearsal.ask import ask as ask_backend
from rehearsal.cluster.controllers import Controller
from rehearsal.cluster.optional import OPTIONAL
from rehearsal.identity import Identity
from rehearsal.lifecycle import Lifecycle, remove
from rehearsal.names import AWS, AWS_PORT, ECR, KUBERNETES_PORT, POSTGRES_PORT, REDIS, REDIS_PORT
from rehearsal.opening import Opening
from rehearsal.paths import Places
from rehearsal.status import State, read_state
from rehearsal.world import WorldError

SERVICES = {"frontend": ("rag", "rag-frontend", 3000), "backend": ("rag", "rag-backend", 8000)}
"""What `open` relays: namespace, service and port in the cluster."""

BALANCER = "load-balancer"
"""And what it relays beside them: what an Ingress has got."""

ADDRESSES = {
    "aws": f"http://{AWS}:{AWS_PORT}",
    "postgresql": f"{AWS}:{POSTGRES_PORT}",
    "redis": f"{REDIS}:{REDIS_PORT}",
    "registry": f"https://{ECR}",
    "kubernetes": f"https://{AWS}:{KUBERNETES_PORT}",
}

NODE_ACTIONS = ("stop", "start")
"""What `rehearsal node` does."""


def say(line: str) -> None:
    """Progress, at once, even into a pipe."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def check(places: Places, *, cold: bool) -> None:
    """Refuse to go on where something is missing, with all that is missing."""
    found = checks.findings(places, cold=cold)
    for item in found:
        if not item.blocks:
            say(f"note: {item}")
    if blocking := [str(item) for item in found if item.blocks]:
        raise WorldError("this machine lacks something:\n  " + "\n  ".join(blocking))


def setup(
    *,
    install: bool,
    kubernetes: bool,
    optional: Sequence[Controller] = (),
    also: Sequence[str] = (),
) -> int:
    """Make the caches. also: Debian packages to install beside the rehearsal's own."""
    refuse_without_nodes(optional, kubernetes=kubernetes)
    prepare(
        Places.from_environment(),
        install=install,
        kubernetes=kubernetes,
        optional=optional,
        also=also,
    )
    return 0


def refuse_without_nodes(optional: Sequence[Controller], *, kubernetes: bool) -> None:
    """An optional controller's image is put on the world's own nodes."""
    if optional and not kubernetes:
        raise WorldError(
            f"{switches(optional)} needs the world's own nodes: leave --no-kubernetes and "
            "REHEARSAL_KUBECONFIG out"
        )


def switches(optional: Sequence[Controller]) -> str:
    """The switches that ask for controllers."""
    return " ".join(each.option for each in optional)


def prepare(
    places: Places,
    *,
    install: bool,
    kubernetes: bool,
    optional: Sequence[Controller] = (),
    also: Sequence[str] = (),
) -> caches.Caches:
    """Check the machine, install if asked to, and make the caches."""
    began = time.monotonic()
    if install:
        checks.install(say, also)
    check(places, cold=not (places.cache / "bin").exists())
    made = caches.prepare(places, say, kubernetes=kubernetes, optional=optional)
    say(f"caches are there: {places.cache} ({time.monotonic() - began:.1f} s)")
    return made


def up(*, install: bool, kubernetes: bool, optional: Sequence[Controller] = ()) -> int:
    """Start the world, unless it is up."""
    began = time.monotonic()
    places = Places.from_environment()
    life = Lifecycle(places, say)
    identity = Identity.read(places)
    kubernetes = kubernetes and not os.environ.get("REHEARSAL_KUBECONFIG")
    refuse_without_nodes(optional, kubernetes=kubernetes)
    if identity and identity.alive:
        state = read_state(places)
        if state and state.phase == "ready" and (cause := disk.full(places.data)):
            raise WorldError(
                f"the world is up, but {cause}, and its servers can't write: free some space, "
                "then `rehearsal status` says which of them are well again"
            )
        if state and state.phase == "ready" and not state.stale:
            if state.ended:
                names = ", ".join(state.ended)
                raise WorldError(
                    f"the world is up, but {names} ended: `rehearsal logs NAME` says why; "
                    "`rehearsal down` and `rehearsal up` make a new world"
                )
            refresh(places, install=install, kubernetes=kubernetes, optional=optional)
            say("the world is up")
            return 0
        say("a half-started world was found: it is taken down")
        life.stop()
    elif life.stop():
        say("the remains of a world that had ended were found: they are removed")
    made = prepare(places, install=install, kubernetes=kubernetes, optional=optional)
    if kubernetes and (finding := checks.watches()):
        raise WorldError(f"the cluster can't be started:\n  {finding}")
    life.start(made)
    say(f"the world is up ({time.monotonic() - began:.1f} s): `rehearsal exec -- CMD` runs in it")
    return 0


def refresh(
    places: Places, *, install: bool, kubernetes: bool, optional: Sequence[Controller]
) -> None:
    """Note the caches anew: what image builds mount may have changed with the checkout since.

    optional: the controllers that are asked for; a world has one from its start or not at all.
    """
    known = caches.noted(places.data)
    there = [each for each in OPTIONAL if each.variable in known]
    if missing := [each for each in optional if each not in there]:
        titles = " and ".join(each.title for each in missing)
        raise WorldError(
            f"the world is up without {titles}: `rehearsal down`, then "
            f"`rehearsal up {switches([*there, *missing])}`"
        )
    made = prepare(places, install=install, kubernetes=kubernetes, optional=there)
    made.note(places.data)


def running() -> tuple[Places, Identity]:
    """The world that is up, or an error that says how to get one."""
    places = Places.from_environment()
    identity = Identity.read(places)
    if identity is None:
        raise WorldError("there is no world: `rehearsal up` starts one")
    if not identity.alive:
        raise WorldError("the world has ended: `rehearsal up` removes its remains and starts one")
    return places, identity


def world_environment(places: Places) -> dict[str, str]:
    """The environment of commands inside; the caches' paths as `up` wrote them."""
    return entering.environment(places, caches.noted(places.data))


def enter(argv: Sequence[str]) -> int:
    """Run a command inside; its exit code is ours."""
    command = list(argv[1:] if argv[:1] == ["--"] else argv)
    if not command:
        command = [os.environ.get("SHELL", "/bin/sh")]
    places, identity = running()
    if cause := disk.full(places.data):
        sys.stderr.write(f"rehearsal: {cause}: what runs inside may fail; free some space\n")
    return entering.run(identity, command, world_environment(places))


def status() -> int:
    """Print the state of each part. 1 if the world or a part of it is down."""
    places = Places.from_environment()
    identity = Identity.read(places)
    if identity is None:
        say("no world: `rehearsal up` starts one")
        return 1
    state = read_state(places)
    if not identity.alive or state is None:
        say("the world has ended: `rehearsal up` removes its remains and starts a new one")
        if state and state.error:
            say(f"  it said: {state.error}")
        if cause := disk.full(places.data):
            say(f"  {cause}: {disk.REMEDY}")
        return 1
    return report(places, identity, state)


def report(places: Places, identity: Identity, state: State) -> int:
    """Print one line per part and per server that ended."""
    environment = world_environment(places)
    cluster = entering.kubeconfig(places).exists()
    answers = probe(identity, environment, kubernetes=cluster)
    minutes, seconds = divmod(int(time.time() - state.began), 60)
    stale = "" if not state.stale else "; the supervisor does not write any more"
    say(f"world       {state.phase}, {minutes} min {seconds} s old, pid {identity.init.pid}{stale}")
    for part, missing in answers.items():
        pid = state.processes.get(part, {}).get("pid", "")
        say(
            f"{part:<11} {'up  ' if missing is None else 'DOWN'}  {ADDRESSES[part]}"
            f"{f'  pid {pid}' if pid else ''}{f'  {missing}' if missing else ''}"
        )
    for name, code in state.ended.items():
        say(f"{name:<11} ended with {code}: `rehearsal logs {name}`")
    for name in state.away:
        say(f"{name} was taken away: `rehearsal node start {name}`")
    others = sorted(set(state.processes) - {*answers, *state.ended, *state.away})
    if others:
        say(f"servers     {', '.join(others)}")
    say(f"data        {places.data}  AWS requests: {lines_of(places.requests)}")
    cause = disk.full(places.data)
    if cause:
        say(f"disk        FULL  {cause}: free some space, then ask again")
    healthy = state.phase == "ready" and not (state.stale or state.ended or cause)
    return 0 if healthy and not any(answers.values()) else 1


def probe(identity: Identity, environment: dict[str, str], *, kubernetes: bool) -> dict[str, str]:
    """Ask all parts, inside. Part -> what is wrong, or None."""
    argv = [sys.executable, "-m", "rehearsal.probe", *(["--kubernetes"] if kubernetes else [])]
    done = subprocess.run(
        entering.command(identity, argv),
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise WorldError(f"the parts could not be asked: {done.stderr.strip()}")
    answers: dict[str, str] = json.loads(done.stdout)
    return answers


def lines_of(path: Path) -> int:
    """How many lines a file has."""
    return path.read_bytes().count(b"\n") if path.exists() else 0


def logs(name: str | None, *, follow: bool) -> int:
    """Print a server's log, or the names of all logs."""
    folder = Places.from_environment().data / "logs"
    found = {path.stem: path for path in sorted(folder.glob("*.log"))}
    if not found:
        raise WorldError("there are no logs: `rehearsal up` starts a world")
    if name is None:
        for stem, path in found.items():
            say(f"{stem:<28} {path.stat().st_size / 1024:8.1f} KiB  {path}")
        return 0
    if name not in found:
        raise WorldError(f"there is no log {name}: {', '.join(found)}")
    return subprocess.run(["tail", "-n", "+1", *(["-f"] if follow else []), found[name]]).returncode


def node(action: str, name: str) -> int:
    """Take a node away, or let it return; the world is told that this is meant."""
    places, identity = running()
    if not places.kubeconfig.exists():
        raise WorldError("this world has no nodes of its own")
    argv = [sys.executable, "-m", "rehearsal.cluster.outage", action, name, str(places.data)]
    return entering.run(identity, argv, world_environment(places))


def load_balancer(places: Places) -> tuple[str, tuple[str, str, int]]:
    """The load balancer that the first Ingress has got: its host; no namespace, address, port."""
    file = places.data / "load_balancers.json"
    known = json.loads(file.read_text()) if file.exists() else {}
    if not known:
        raise WorldError(
            "no Ingress of class alb is served: `kubectl get ingress -A` and "
            "`rehearsal logs load-balancer-controller` say why"
        )
    first = known[min(known)]
    return str(first["host"]), ("", str(first["address"]), 80)


def open_service(service: str, port: int) -> int:
    """Relay a service of the application to a loopback port until Ctrl-C."""
    places, identity = running()
    host, target = load_balancer(places) if service == BALANCER else ("", SERVICES[service])
    with Opening(identity, world_environment(places), *target, port) as opened:
        # It answers to its name only; browsers take all of .localhost for this machine.
        url = opened.url.replace("127.0.0.1", host) if host.endswith(".localhost") else opened.url
        say(f"{service}: {url} (until Ctrl-C)")
        opened.wait()
    return 0


def ask(document: str, question: str) -> int:
    """Upload a document to the backend, ask, and print the answer with its sources."""
    places, identity = running()
    environment = world_environment(places)
    key = os.environ.get("RAG_API_KEY") or platform_key(identity, environment)
    with Opening(identity, environment, *SERVICES["backend"], 0) as opened:
        ask_backend(opened.url, Path(document), question, say, key=key)
    return 0


def platform_key(identity: Identity, environment: dict[str, str]) -> str:
    """The application's own API key, as its pods mount it; empty where it has none."""
    namespace, service, _port = SERVICES["backend"]
    template = '{{with index .data "API_KEY"}}{{. | base64decode}}{{end}}'
    argv = ["kubectl", "get", "secret", service, f"--namespace={namespace}"]
    done = subprocess.run(
        entering.command(identity, [*argv, f"--output=go-template={template}"]),
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise WorldError(f"the application's Secret could not be read: {done.stderr.strip()}")
    return done.stdout


def down() -> int:
    """End the world."""
    places = Places.from_environment()
    began = time.monotonic()
    if Lifecycle(places, say).stop():
        say(f"the world is down, its data are discarded ({time.monotonic() - began:.1f} s)")
    else:
        say("there was no world")
    return 0


def reset() -> int:
    """End the world and remove the caches."""
    down()
    places = Places.from_environment()
    if places.cache.exists():
        remove(places.cache)
        say(f"removed {places.cache}")
    return 0
