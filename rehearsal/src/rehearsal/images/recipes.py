"""What the images hold, and what has to be fetched for them beforehand (outside the world)."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rehearsal import disk
from rehearsal.world import WorldError

HERE = Path(__file__).parent
MILVUS_LOCK = HERE / "milvus.txt"
NPM = "10.8.2"
NPM_SHA512 = (
    "c7f0088c520a46596b85c6f8f1da943400199748a0f7ea8cb8df75469668dc26"
    "f6fb3ba26df87e2884a5ebe91557292d0f3db7d0929cdb4f14910c3032ac81fb"
)
"""Node 20's own npm; Debian's package of it draws in some hundred others."""


@dataclass(frozen=True)
class System:
    """A Debian system to be made into a base image. hooks: shell lines, $1 is its root."""

    name: str
    suite: str
    packages: tuple[str, ...]
    hooks: tuple[str, ...] = ()


PYTHON = System(
    "python",
    "bookworm",
    ("ca-certificates", "python3", "python3-pip", "python3-venv"),
    (
        # As in the image of this name elsewhere: `python`, and a pip that installs.
        'ln -s /usr/bin/python3 "$1/usr/local/bin/python"',
        'rm -f "$1"/usr/lib/python3*/EXTERNALLY-MANAGED',
    ),
)
NODE = System("node", "trixie", ("ca-certificates", "nodejs"))
LEFT_OUT = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/info/*", "/usr/share/locale/*")

PYTHON_IMAGE = "base/python:3.11-bookworm"
NODE_IMAGE = "base/node:20-trixie"
MILVUS_IMAGE = "milvus:2.3.5"

CONTAINERFILES = {
    PYTHON_IMAGE: """\
FROM scratch
ADD python.tar /
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8
CMD ["python3"]
""",
    NODE_IMAGE: """\
FROM scratch
ADD node.tar /
ADD npm.tgz /usr/local/lib/node_modules/
RUN mv /usr/local/lib/node_modules/package /usr/local/lib/node_modules/npm \\
 && ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm \\
 && ln -s ../lib/node_modules/npm/bin/npx-cli.js /usr/local/bin/npx
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8
CMD ["node"]
""",
    MILVUS_IMAGE: f"""\
FROM localhost/{PYTHON_IMAGE}
COPY milvus.txt milvus_entry.py /opt/milvus/
RUN --mount=type=bind,source=wheels,target=/wheels \\
    pip install --no-cache-dir --no-index --find-links=/wheels --require-hashes \\
      -r /opt/milvus/milvus.txt \\
 && python /opt/milvus/milvus_entry.py unpack \\
 && rm -r /usr/local/lib/python3.11/dist-packages/milvus/data/bin \\
 && install -d -o 10001 -g 10001 /var/lib/milvus
VOLUME /var/lib/milvus
EXPOSE 19530 9091
USER 10001:10001
WORKDIR /var/lib/milvus
ENTRYPOINT ["python", "/opt/milvus/milvus_entry.py"]
""",
}
"""In this order: the last one is made from the first."""


def key() -> str:
    """Hash of everything that decides what the images are."""
    digest = hashlib.sha256()
    for part in (repr((PYTHON, NODE, LEFT_OUT, NPM_SHA512)), repr(CONTAINERFILES)):
        digest.update(part.encode())
    for path in (MILVUS_LOCK, HERE / "milvus_entry.py"):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def debian_sources(suite: str) -> str:
    """The machine's own apt sources, for another suite; Debian's mirror where it has none.

    Whoever reaches Debian through a mirror has said so in apt's configuration.
    """
    found: list[str] = []
    folder = Path("/etc/apt")
    for path in sorted(folder.glob("sources.list.d/*.sources")):
        for stanza in re.split(r"\n\s*\n", path.read_text()):
            fields = dict(re.findall(r"^([A-Za-z-]+):[ \t]*(.*)$", stanza, re.M))
            found += deb822(fields, suite)
    for path in [folder / "sources.list", *sorted(folder.glob("sources.list.d/*.list"))]:
        if path.exists():
            found += one_line(path.read_text(), suite)
    if not found:
        found = [f"deb https://deb.debian.org/debian {suite} main"]
    return "\n".join(found) + "\n"


CODENAMES = {"bookworm", "trixie", "forky"}
IS_DEBIAN = re.compile(r"/debian(-security)?/?$")


def deb822(fields: dict[str, str], suite: str) -> list[str]:
    """Lines for `suite` from a stanza of a .sources file that is Debian's."""
    if fields.get("Enabled", "yes").lower() in ("no", "false"):
        return []
    options = f"[signed-by={fields['Signed-By']}] " if "/" in fields.get("Signed-By", "") else ""
    return [
        line
        for uri in fields.get("URIs", "").split()
        for name in fields.get("Suites", "").split()
        for line in for_suite(options, uri, name, suite)
    ]


def one_line(text: str, suite: str) -> list[str]:
    """Lines for `suite` from a sources.list."""
    lines = []
    for options, uri, name in re.findall(r"^deb\s+(\[.*?\]\s+)?(\S+)\s+(\S+)", text, re.M):
        lines += for_suite(options, uri, name, suite)
    return lines


def for_suite(options: str, uri: str, name: str, suite: str) -> list[str]:
    """One source for another suite: `bookworm-updates` becomes `trixie-updates`."""
    codename, dash, pocket = name.partition("-")
    if codename not in CODENAMES or not IS_DEBIAN.search(uri):
        return []
    return [f"deb {options}{uri} {suite}{dash}{pocket} main"]


def make_system(system: System, target: Path) -> None:
    """Make a Debian system by mmdebstrap: a tar archive at `target`."""
    draft = target.with_suffix(".draft.tar")
    sources = target.with_suffix(".list")
    sources.write_text(debian_sources(system.suite))
    configuration = sorted(Path("/etc/apt/apt.conf.d").glob("*"))
    argv: list[str | Path] = [
        "mmdebstrap", "--quiet", "--variant=minbase", f"--include={','.join(system.packages)}",
        *(f"--dpkgopt=path-exclude={pattern}" for pattern in LEFT_OUT),
        *(f"--aptopt={path}" for path in configuration if transport_only(path)),
        *(f"--customize-hook={hook}" for hook in system.hooks),
        system.suite, draft, sources,
    ]  # fmt: skip
    try:
        run(f"Debian {system.suite}", argv)
    except WorldError:
        draft.unlink(missing_ok=True)  # half of it helps nobody, least of all on a full disk
        raise
    draft.rename(target)


def transport_only(path: Path) -> bool:
    """Whether a file of apt's settings says only how to reach the archive."""
    try:
        text = re.sub(r"^\s*(//|#).*$", "", path.read_text(), flags=re.M).strip()
    except (OSError, UnicodeDecodeError):
        return False
    statements = [part.strip() for part in text.split(";") if part.strip()]
    return (
        bool(statements)
        and all(part.startswith("Acquire::") for part in statements)
        and not any("GzipIndexes" in part or "Languages" in part for part in statements)
    )


def fetch_npm(target: Path) -> None:
    """npm's own package, checked against its known hash."""
    scratch = target.parent / "npm-pack"
    scratch.mkdir(exist_ok=True)
    run("npm", ["npm", "pack", f"npm@{NPM}", "--pack-destination", scratch, "--loglevel=error"])
    archive = scratch / f"npm-{NPM}.tgz"
    found = hashlib.sha512(archive.read_bytes()).hexdigest()
    if found != NPM_SHA512:
        raise WorldError(f"npm {NPM}: the registry gave something else: {found}")
    archive.rename(target)


def fetch_wheels(lock: Path, target: Path) -> None:
    """The wheels of a lock file with hashes, for the images' Python (3.11)."""
    run(
        lock.name,
        [
            sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check",
            "--require-hashes", "--no-deps", "--only-binary=:all:", "--python-version=3.11",
            "--dest", target, "--requirement", lock,
        ],
    )  # fmt: skip


def fetch(folder: Path, say: Callable[[str], None]) -> None:
    """Bring together in `folder` all that the images are made of."""
    for system in (PYTHON, NODE):
        target = folder / f"{system.name}.tar"
        if not target.exists():
            say(f"base image {system.name}: Debian {system.suite} by mmdebstrap")
            make_system(system, target)
    if not (folder / "npm.tgz").exists():
        fetch_npm(folder / "npm.tgz")
    wheels = folder / "wheels"
    fetch_wheels(MILVUS_LOCK, wheels)
    for path in (MILVUS_LOCK, HERE / "milvus_entry.py"):
        shutil.copy(path, folder)


def run(what: str, argv: Sequence[str | Path]) -> None:
    """Run a command that fetches something; say what failed and what it said."""
    done = subprocess.run(
        argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, env=os.environ, check=False
    )
    if done.returncode:
        output = done.stderr or done.stdout
        tail = "\n  ".join(output.strip().splitlines()[-8:]) + disk.named_by_tool(output)
        raise WorldError(f"{what}: {Path(str(argv[0])).name} failed:\n  {tail}")
