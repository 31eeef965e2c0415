"""What the running containers have, and no longer have, in their file systems."""

from __future__ import annotations

import pytest
from conftest import inside

pytestmark = pytest.mark.usefixtures("platform")

INSTALLERS = {
    "backend": (
        *("pip", "pip3", "pip-*.dist-info", "ensurepip", "setuptools", "setuptools-*"),
        *("wheel", "wheel-*.dist-info", "pkg_resources"),
    ),
    "frontend": ("npm", "npm-cli.js", "npx", "npx-cli.js", "corepack", "yarn", "yarn-*", "pnpm"),
}
PACKAGES = ("pip", "setuptools", "wheel", "venv", "whl", "corepack", "npm", "yarnpkg")


def in_container(part: str, *argv: str) -> list[str]:
    """Lines that a command in the container prints."""
    where = ("-n", "rag", f"deployment/rag-{part}", "-c", part)
    outcome = inside("kubectl", "exec", *where, "--", *argv)
    assert outcome.returncode == 0
    return outcome.output.splitlines()


def found(part: str, *names: str) -> list[str]:
    """Paths in the container whose last part is such a name; what it may not read is left out."""
    wanted = [word for name in names for word in ("-o", "-name", name)][1:]
    pruned = ("(", "-path", "/proc", "-o", "-path", "/sys", ")", "-prune")
    script = ' "$@" 2>/dev/null || test $? -eq 1'  # 1: a folder that only root may read
    return in_container(
        part, "sh", "-c", f"find {script}", "find", "/", *pruned, "-o", "(", *wanted, ")", "-print"
    )


@pytest.mark.parametrize("part", INSTALLERS)
def test_nothing_that_installs_packages_is_in_a_container(part: str) -> None:
    assert "/etc/os-release" in found(part, "os-release"), "the search itself finds nothing"
    assert found(part, *INSTALLERS[part]) == []


@pytest.mark.parametrize("part", INSTALLERS)
def test_the_list_of_debian_packages_names_nothing_that_installs(part: str) -> None:
    listed = in_container(part, "dpkg-query", "--show", "--showformat", "${Package}\\n")
    assert "libc6" in listed
    assert [name for name in listed if name.rpartition("-")[2] in PACKAGES] == []
