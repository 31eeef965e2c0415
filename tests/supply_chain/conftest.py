"""Role images with the real syft, grype and cosign, a registry with a login, and no way out."""

from __future__ import annotations

import http.server
import os
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import pytest
from support.ansible_runs import Ran, local_play, run_playbook
from support.checkout import ROOT
from support.image_registry import PASSWORD, USER, TestRegistry, registry

from rehearsal import supply_chain
from rehearsal.paths import Places

KEY_PASSWORD = "password-of-the-key"


@dataclass
class Outside:
    """A proxy that is the only way out, leads nowhere, and notes who wants to go where."""

    address: str
    asked: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Image:
    """One that is in the registry. reference: repository@digest."""

    name: str
    reference: str


@dataclass
class Bench:
    """Where the role's part runs: its programs, its registry, and what there is outside."""

    programs: Path
    store: TestRegistry
    outside: Outside
    folder: Path
    password: str = KEY_PASSWORD
    extra: dict[str, str] = field(default_factory=dict)
    counter: int = 0

    @property
    def environment(self) -> dict[str, str]:
        """Of the programs. A loopback address is reached without the proxy."""
        return {
            **self.store.environment,
            "PATH": f"{self.programs}:{ROOT}/.venv/bin:/usr/bin:/bin",
            "HOME": str(self.folder),
            "HTTPS_PROXY": self.outside.address,
            "COSIGN_PASSWORD": self.password,
            "TMPDIR": str(self.folder / "tmp"),
            "DOCKER_CONFIG": str(self.folder / "login"),
            "GRYPE_DB_CACHE_DIR": str(self.folder / "grype"),
            "GRYPE_DB_AUTO_UPDATE": "false",
            "GRYPE_CHECK_FOR_APP_UPDATE": "false",
            "SYFT_CHECK_FOR_APP_UPDATE": "false",
            **self.extra,
        }

    def run(self, *argv: str) -> subprocess.CompletedProcess[str]:
        """Run one of the programs."""
        env = {**os.environ, **self.environment}
        return subprocess.run(argv, cwd=self.folder, env=env, capture_output=True, text=True)

    def checked(self, *argv: str) -> str:
        """What it prints."""
        done = self.run(*argv)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def key(self, name: str) -> str:
        """A new pair of keys: NAME.key and NAME.pub."""
        prefix = str(self.folder / name)
        self.checked("cosign", "generate-key-pair", f"--output-key-prefix={prefix}")
        return f"{prefix}.key"

    def verified(self, image: Image, key: str) -> bool:
        """Whether `cosign verify` finds a signature of this key, called as in docs/images.md."""
        options = ("--key", key, "--insecure-ignore-tlog=true")
        return self.run("cosign", "verify", *options, image.reference).returncode == 0

    def push(self, name: str, package: str = "gullible", version: str = "1.0") -> Image:
        """Build and push an image with one package of Python's, unlike any before it."""
        self.counter += 1
        context = self.folder / f"context-{self.counter}"
        described = context / f"usr/lib/python3/dist-packages/{package}-{version}.dist-info"
        described.mkdir(parents=True)
        metadata = f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n"
        (described / "METADATA").write_text(metadata)
        (context / "number").write_text(str(self.counter))
        (context / "Containerfile").write_text("FROM scratch\nCOPY . /\n")
        image = f"{self.store.host}/team/{name}:{self.counter}"
        self.buildah("bud", "--quiet", "--tag", image, str(context))
        said = self.folder / "digest"
        self.buildah("push", "--quiet", f"--digestfile={said}", image)
        return Image(name, f"{image.rpartition(':')[0]}@{said.read_text().strip()}")

    def buildah(self, verb: str, *arguments: str) -> None:
        """Run buildah with storage of the test's own."""
        settings = self.folder / "storage.conf"
        roots = (f'{name} = "{self.folder}/{name}"' for name in ("graphroot", "runroot"))
        settings.write_text("\n".join(["[storage]", 'driver = "vfs"', *roots]) + "\n")
        env = {**os.environ, **self.environment, "BUILDAH_ISOLATION": "chroot"}
        env |= {"CONTAINERS_STORAGE_CONF": str(settings)}
        login = f"--authfile={self.folder}/login/config.json"
        subprocess.run(["buildah", verb, login, *arguments], env=env, check=True)

    def know(self, severity: str, fixed_in: str, package: str = "gullible") -> None:
        """Give grype a database with one flaw. fixed_in: `none` if it has no fix."""
        made = self.folder / "database"
        made.mkdir(exist_ok=True)
        self.checked("knownflaw", str(made), "MADE-UP-1", severity, package, fixed_in)
        self.checked("grype", "db", "import", str(made / "vulnerability.db"))

    def inspect(self, *images: Image, flags: tuple[str, ...] = (), **inputs: Any) -> Ran:
        """Run the role's part on images that this run did not build."""
        found = {image.name: {"reference": image.reference, "changed": False} for image in images}
        parts = [
            {"name": "ragops.platform.images", "tasks_from": f"{part}.yml"}
            for part in ("programs", "inspect")
        ]
        variables = {
            "images_result": found,
            "images_registry_username": USER,
            "images_registry_password": PASSWORD,
            **inputs,
        }
        tasks = [{"ansible.builtin.include_role": part} for part in parts]
        play = local_play(self.folder, vars=variables, tasks=tasks)
        environment = {k: v for k, v in self.environment.items() if k != "DOCKER_CONFIG"}
        ran = run_playbook(ROOT, play, "-vvv", *flags, environment=environment)
        for secret in (PASSWORD, self.password):
            assert secret not in ran.output
        assert not list((self.folder / "tmp").glob("ragops-auth-*")), "a login was left behind"
        return ran


class _Refusing(http.server.BaseHTTPRequestHandler):
    asked: ClassVar[list[str]]

    def do_CONNECT(self) -> None:
        """Note who is wanted, and refuse."""
        self.asked.append(self.path)
        self.send_error(403, "there is no way out")

    def log_message(self, format: str, *arguments: Any) -> None:
        """Say nothing."""


@pytest.fixture
def outside() -> Iterator[Outside]:
    """Nothing is reached but loopback addresses."""

    class Handler(_Refusing):
        asked: ClassVar[list[str]] = []

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield Outside(f"http://127.0.0.1:{server.server_port}", Handler.asked)
        server.shutdown()


@pytest.fixture(scope="session")
def programs() -> Path:
    """The real ones, compiled once."""
    return supply_chain.programs(Places.from_environment(), print)


@pytest.fixture
def bench(programs: Path, outside: Outside, tmp_path: Path) -> Iterator[Bench]:
    """All of it, with a database of grype that knows a flaw of another package."""
    for name in ("registry", "login", "tmp"):
        (tmp_path / name).mkdir()
    with registry(tmp_path / "registry") as store:
        made = Bench(programs, store, outside, tmp_path)
        arguments = ("--username", USER, "--password", PASSWORD)
        made.checked("cosign", "login", store.host, *arguments)
        made.know("critical", "9.9", package="another")
        yield made
