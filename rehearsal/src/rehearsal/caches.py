"""What outlives a world: compiled programs, environments, images, wheels. Made once.

Each part has a key that is a hash of what goes in; it is made beside the others, all
at the same time, and appears under its key when it is complete.
"""

from __future__ import annotations

import fcntl
import functools
import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from rehearsal import disk
from rehearsal.cluster import controllers
from rehearsal.cluster.build import build
from rehearsal.cluster.controllers import Controller
from rehearsal.images import recipes
from rehearsal.paths import Places
from rehearsal.unshare import NAMESPACE
from rehearsal.world import WorldError

Say = Callable[[str], None]
REMIND_SECONDS = 20.0


@dataclass(frozen=True)
class Caches:
    """Paths of all parts. binaries: None when there is to be no Kubernetes.

    optional: folders of the controllers that were asked for.
    """

    ministack: Path
    images: Path
    wheels: Path
    npm: Path
    binaries: Path | None
    optional: Mapping[Controller, Path] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, Path]:
        """Variables for commands inside: what image builds mount, and the programs."""
        paths = {"REHEARSAL_WHEELS": self.wheels, "REHEARSAL_NPM_CACHE": self.npm}
        if self.binaries:
            paths["REHEARSAL_PROGRAMS"] = self.binaries
        return paths | {
            each.variable: folder / controllers.CHART for each, folder in self.optional.items()
        }

    @property
    def archives(self) -> list[Path]:
        """Images for the nodes beside those that come with the programs."""
        return [folder / controllers.ARCHIVE for folder in self.optional.values()]

    def note(self, data: Path) -> None:
        """Write them down for the commands that enter the world whose data these are."""
        content = {name: str(path) for name, path in self.environment.items()}
        (data / "caches.json").write_text(json.dumps(content))


def noted(data: Path) -> dict[str, str]:
    """What was written down for the world whose data these are."""
    content: dict[str, str] = json.loads((data / "caches.json").read_text())
    return content


def prepare(
    places: Places, say: Say, *, kubernetes: bool = True, optional: Sequence[Controller] = ()
) -> Caches:
    """Make whatever is missing, all parts side by side, and say where each one is."""
    places.cache.mkdir(parents=True, exist_ok=True)
    makers: dict[str, Callable[[], Path]] = {
        "ministack": lambda: environment("ministack", places, say),
        "images": lambda: images(places, say),
        "wheels": lambda: wheels(places, say),
        "npm": lambda: npm(places, say),
    }
    if kubernetes:
        makers["binaries"] = lambda: build(places.cache, say)
    for each in optional:
        makers[each.name] = functools.partial(controller, each, places, say)
    made = side_by_side(makers, say)
    asked = {each: made.pop(each.name) for each in optional}
    return Caches(binaries=made.pop("binaries", None), optional=asked, **made)


def side_by_side(makers: dict[str, Callable[[], Path]], say: Say) -> dict[str, Path]:
    """Run all makers; remind now and then of those that are still at work."""
    made: dict[str, Path] = {}
    began = time.monotonic()
    done = threading.Event()

    def remind() -> None:
        while not done.wait(REMIND_SECONDS):
            missing = ", ".join(name for name in makers if name not in made)
            say(f"still making {missing} ({time.monotonic() - began:.0f} s)")

    reminder = threading.Thread(target=remind, daemon=True)
    with ThreadPoolExecutor(len(makers)) as pool:
        reminder.start()
        try:
            running = {pool.submit(make): name for name, make in makers.items()}
            for future in as_completed(running):
                made[running[future]] = future.result()
        finally:
            done.set()
    return made


@contextmanager
def making(target: Path) -> Iterator[Path | None]:
    """A folder to make `target` in, which then appears as a whole; None if it is there.

    Another process that makes the same waits for us.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with (target.parent / f".{target.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if target.exists():
                yield None
                return
            draft = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}."))
            draft.chmod(0o755)
            try:
                yield draft
                draft.rename(target)
            finally:
                shutil.rmtree(draft, ignore_errors=True)
    except OSError as error:
        if cause := disk.named(error):
            raise WorldError(f"{target.parent}: {cause}") from error
        raise


def hash_of(*files: Path) -> str:
    """A key from what files hold."""
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def checked(what: str, argv: list[str | Path], cwd: Path | None = None) -> None:
    """Run a tool; when it fails, say what it said."""
    done = subprocess.run(
        argv, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode:
        output = done.stdout + done.stderr
        tail = "\n  ".join(output.strip().splitlines()[-12:]) + disk.named_by_tool(output)
        raise WorldError(f"{what}: {Path(str(argv[0])).name} failed:\n  {tail}")


def environment(name: str, places: Places, say: Say) -> Path:
    """An environment of its own for a program whose dependencies are not the platform's.

    name: of the program and of its lock file, requirements/<name>.txt.
    """
    lock = places.checkout / f"requirements/{name}.txt"
    target = places.cache / name / hash_of(lock)
    with making(target) as draft:
        if draft is None:
            return target
        say(f"{name}: an environment from its lock file")
        uv = [sys.executable, "-m", "uv", "--quiet"]
        # Relocatable: its scripts would name the draft's path otherwise.
        new: list[str | Path] = [
            "venv",
            "--clear",
            "--relocatable",
            "--python",
            sys.executable,
            draft,
        ]
        checked(name, [*uv, *new])
        sync: list[str | Path] = [
            "pip",
            "sync",
            "--python",
            draft / "bin/python",
            "--require-hashes",
        ]
        checked(name, [*uv, *sync, "--compile-bytecode", lock])
    say(f"{name}: done")
    return target


def wheels(places: Places, say: Say) -> Path:
    """The wheels of the backend, for image builds without network."""
    lock = places.checkout / "app/backend/requirements.txt"
    target = places.cache / "wheels" / hash_of(lock)
    with making(target) as draft:
        if draft is None:
            return target
        say("wheels of the backend: downloading")
        recipes.fetch_wheels(lock, draft)
    say("wheels of the backend: done")
    return target


def npm(places: Places, say: Say) -> Path:
    """The npm cache of the frontend, for image builds without network."""
    frontend = places.checkout / "app/frontend"
    files = [frontend / name for name in ("package.json", "package-lock.json", ".npmrc")]
    target = places.cache / "npm" / hash_of(*files)
    with making(target) as draft:
        if draft is None:
            return target
        say("npm cache of the frontend: downloading")
        with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
            for path in files:
                shutil.copy(path, scratch)
            checked(
                "npm cache",
                ["npm", "ci", "--omit=dev", "--cache", draft, "--ignore-scripts", "--no-audit",
                 "--no-fund", "--loglevel=error"],
                Path(scratch),
            )  # fmt: skip
    say("npm cache of the frontend: done")
    return target


def controller(wanted: Controller, places: Places, say: Say) -> Path:
    """Image and chart of a controller that the nodes may have."""
    version = wanted.go().version()
    target = places.cache / wanted.name / wanted.key(version)
    with making(target) as draft:
        if draft is None:
            return target
        say(f"Compiling {wanted.title} {wanted.version} once: {wanted.time}")
        began = time.monotonic()
        wanted.make(draft, say)
    say(f"Compiled {wanted.title} ({time.monotonic() - began:.0f} s)")
    return target


def images(places: Places, say: Say) -> Path:
    """The registry's storage with the base images; what the platform pushes stays there, too."""
    storage = places.cache / "registry"
    storage.mkdir(parents=True, exist_ok=True)
    target = places.cache / "images" / recipes.key()
    with making(target) as draft:
        if draft is None:
            return storage
        materials = places.cache / "materials" / target.name
        materials.mkdir(parents=True, exist_ok=True)
        recipes.fetch(materials, say)
        say("base images: building (Python, Node, Milvus)")
        scratch = Path(tempfile.mkdtemp(dir=places.cache, prefix=".images."))
        checked(
            "base images",
            [
                *NAMESPACE,
                sys.executable,
                "-m",
                "rehearsal.images.build",
                materials,
                storage,
                scratch,
            ],
        )
        shutil.rmtree(materials)
        (draft / "made").write_text(f"{time.time()}\n")
    say("base images: done")
    return storage


__all__ = ["Caches", "environment", "hash_of", "making", "prepare", "side_by_side"]
