"""Settings under which buildah works inside a namespace of ours."""

from __future__ import annotations

from pathlib import Path


def write_settings(folder: Path, runroot: Path) -> dict[str, str]:
    """Write buildah's settings to folder/etc and return the environment that names them.

    Images and containers are kept in folder/containers (overlay needs a real disk).
    """
    etc = folder / "etc"
    etc.mkdir(parents=True, exist_ok=True)
    (etc / "storage.conf").write_text(
        "[storage]\n"
        'driver = "overlay"\n'
        f'graphroot = "{folder / "containers"}"\n'
        f'runroot = "{runroot}"\n'
    )
    (etc / "registries.conf").write_text("unqualified-search-registries = []\n")
    (etc / "containers.conf").write_text("[containers]\n[engine]\n")
    return {
        "BUILDAH_ISOLATION": "chroot",
        "CONTAINERS_STORAGE_CONF": str(etc / "storage.conf"),
        "CONTAINERS_REGISTRIES_CONF": str(etc / "registries.conf"),
        "CONTAINERS_CONF": str(etc / "containers.conf"),
    }
