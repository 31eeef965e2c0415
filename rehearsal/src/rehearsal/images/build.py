"""Build the rehearsal's own images and put them into the registry's storage.

Runs as the first process of a namespace of its own (`python -m rehearsal.images.build`):
with no network but loopback, where a registry serves the storage while images are pushed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from rehearsal.images.recipes import CONTAINERFILES
from rehearsal.services.registry import configuration
from rehearsal.storage import write_settings

ADDRESS = "127.0.0.1:5000"


def buildah(*arguments: str | Path) -> None:
    """Run buildah; its output is the log."""
    subprocess.run(["buildah", *arguments], stdin=subprocess.DEVNULL, check=True)


def main(materials: Path, storage: Path, scratch: Path) -> None:
    """materials: what `recipes.fetch` brought; storage: the registry's; scratch: is removed."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run"], check=True)
    os.environ |= write_settings(scratch, Path("/run/containers"))
    settings = scratch / "registry.yml"
    settings.write_text(configuration(storage, ADDRESS))
    registry = subprocess.Popen(["docker-registry", "serve", settings])
    try:
        for name, text in CONTAINERFILES.items():
            began = time.monotonic()
            containerfile = scratch / "Containerfile"
            containerfile.write_text(text)
            tag = f"localhost/{name}"
            buildah("build", "--quiet", "--pull-never", "-f", containerfile, "-t", tag, materials)
            wait_for(registry)
            buildah("push", "--quiet", "--tls-verify=false", tag, f"docker://{ADDRESS}/{name}")
            sys.stdout.write(f"{name} ({time.monotonic() - began:.1f} s)\n")
    finally:
        registry.terminate()
        registry.wait()
        subprocess.run(["rm", "-rf", "--", scratch], check=True)


def wait_for(registry: subprocess.Popen[bytes]) -> None:
    """Wait until the registry answers."""
    while registry.poll() is None:
        try:
            with urllib.request.urlopen(f"http://{ADDRESS}/v2/", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise SystemExit(f"docker-registry ended with {registry.returncode}")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
