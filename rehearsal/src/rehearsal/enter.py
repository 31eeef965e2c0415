"""Run commands inside the world."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType

from rehearsal.identity import Identity, children
from rehearsal.names import AWS, AWS_PORT, REGION
from rehearsal.paths import Places

BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
"""The system's trust bundle; in the world, its authority is added to it."""

PROGRAMS = Path(__file__).with_name("programs")
"""Stand-ins for programs of AWS's that talk to AWS; nobody but the world's commands finds them."""

FORWARDED = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2)


def environment(places: Places, caches: Mapping[str, str]) -> dict[str, str]:
    """The environment in which AWS tools, Kubernetes tools and buildah find the world.

    caches: `Caches.environment` as it was when the world started.
    """
    path = [caches["REHEARSAL_PROGRAMS"]] if "REHEARSAL_PROGRAMS" in caches else []
    path += [
        str(PROGRAMS),
        str(Path(sys.executable).parent),
        os.environ.get("PATH", ""),
        "/usr/sbin",
        "/sbin",
    ]
    inherited = {
        name: value
        for name, value in os.environ.items()
        # A real account must not be reached from here, not even by its profile.
        if not name.startswith("AWS_") and name.lower() not in PROXIES
    }
    return inherited | {
        "PATH": ":".join(path),
        "AWS_ENDPOINT_URL": f"http://{AWS}:{AWS_PORT}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        "AWS_CA_BUNDLE": BUNDLE,
        "SSL_CERT_FILE": BUNDLE,
        "REQUESTS_CA_BUNDLE": BUNDLE,
        "CURL_CA_BUNDLE": BUNDLE,
        "NODE_EXTRA_CA_CERTS": str(places.ca),
        "KUBECONFIG": str(kubeconfig(places)),
        "BUILDAH_ISOLATION": "chroot",
        "CONTAINERS_STORAGE_CONF": str(places.data / "etc/storage.conf"),
        "CONTAINERS_CONF": str(places.data / "etc/containers.conf"),
        "CONTAINERS_REGISTRIES_CONF": str(places.data / "etc/registries.conf"),
        "REGISTRY_AUTH_FILE": str(places.data / "registry-auth.json"),
        "TMPDIR": str(places.data / "tmp"),
        "REHEARSAL_WORLD": str(places.data),
        **own_cluster(places),
        **caches,
    }


PROXIES = frozenset({"http_proxy", "https_proxy", "all_proxy", "no_proxy"})


def own_cluster(places: Places) -> dict[str, str]:
    """What tells the inventory that the user's own cluster stands in: EKS has no token for it."""
    own = places.data / "own-kubeconfig"
    return {"REHEARSAL_OWN_KUBECONFIG": str(own)} if own.exists() else {}


def kubeconfig(places: Places) -> Path:
    """The user's own cluster's kubeconfig, if one stands in, else the world's."""
    own = places.data / "own-kubeconfig"
    return own if own.exists() else places.kubeconfig


def command(identity: Identity, argv: Sequence[str]) -> list[str]:
    """The command line that runs `argv` inside, in the same folder."""
    return [
        "nsenter", "--user", "--net", "--pid", "--mount", "--preserve-credentials",
        f"--target={identity.init.pid}", f"--wd={Path.cwd()}", "--", *argv,
    ]  # fmt: skip


def run(identity: Identity, argv: Sequence[str], env: Mapping[str, str]) -> int:
    """Run a command inside, pass signals on to it, and return its exit code.

    Killed by a signal, it gives 128 + the signal's number, as in a shell.
    """
    # Before nsenter is there: a signal in between must not end us alone.
    forwarder = Forwarder()
    for number in (*FORWARDED, signal.SIGINT):
        signal.signal(number, forwarder)
    process = subprocess.Popen(command(identity, argv), env=dict(env))
    forwarder.attach(process.pid)
    code = process.wait()
    return code if code >= 0 else 128 - code


class Forwarder:
    """A signal handler that hands signals to the command below nsenter.

    nsenter waits for the command in a namespace of its own and passes nothing on.
    """

    def __init__(self) -> None:
        self._pid: int | None = None
        self._pending: list[int] = []

    def __call__(self, number: int, _frame: FrameType | None) -> None:
        """Forward the signal, or keep it until there is a command."""
        if number == signal.SIGINT and in_foreground():
            return  # the terminal has sent it to the command, too
        if self._pid is None:
            self._pending.append(number)
            return
        for child in children(self._pid) or [self._pid]:
            os.kill(child, number)

    def attach(self, pid: int) -> None:
        """From now on signals go to what runs below this nsenter."""
        self._pid = pid
        for number in self._pending:
            self(number, None)


def in_foreground() -> bool:
    """Whether we are the terminal's foreground job, which gets Ctrl-C as a group."""
    try:
        with Path("/dev/tty").open("rb") as terminal:
            return os.tcgetpgrp(terminal.fileno()) == os.getpgrp()
    except OSError:
        return False
