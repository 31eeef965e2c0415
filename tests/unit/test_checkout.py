"""The checkout is a runnable project and a collection at once: what that rests on."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.checkout import ROOT

STUB = ROOT / "collections" / "ansible_collections" / "ragops" / "platform"
ROLES = sorted(path.name for path in (ROOT / "roles").iterdir() if path.is_dir())
MODULES = sorted(
    path.stem for path in (ROOT / "plugins" / "modules").glob("*.py") if path.stem != "__init__"
)


def tracked_files() -> list[Path]:
    """Every file that git tracks (links not followed)."""
    listing = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    return [ROOT / name for name in listing.split("\0") if name]


def tracked_texts() -> Iterator[tuple[Path, str]]:
    for path in tracked_files():
        if path.is_symlink() or not path.is_file():
            continue
        try:
            yield path, path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ["galaxy.yml", "meta", "playbooks", "plugins", "roles"])
def test_the_collection_stub_links_to_the_checkout(name: str) -> None:
    """`ansible-galaxy collection install -p collections` would replace a link by a frozen copy."""
    assert (STUB / name).is_symlink()
    assert (STUB / name).resolve() == ROOT / name


def hosts_of(group: dict[str, Any]) -> set[str]:
    """The hosts of an inventory's group and of all groups below it."""
    below = (group.get("children") or {}).values()
    return set(group.get("hosts") or ()).union(*map(hosts_of, below))


def test_the_environments_have_one_list_of_components() -> None:
    """Whoever adds a component adds it to all of them."""
    lists = sorted((ROOT / "inventories").glob("*/hosts.yml"))
    assert [path.parent.name for path in lists] == ["dev", "prod", "rehearsal", "staging"]
    for path in lists:
        assert path.readlink() == Path("../components.yml"), path


def test_each_component_has_a_role() -> None:
    """Preflight and the way into the cluster are no components; all other roles are."""
    components = hosts_of(load(ROOT / "inventories/components.yml")["all"])
    assert components == set(ROLES) - {"preflight", "kube_access"}


def test_imported_playbooks_see_the_defaults_of_the_platform() -> None:
    assert (ROOT / "playbooks/group_vars/all.yml").resolve() == ROOT / "group_vars/all.yml"


def test_awx_finds_the_collection_by_the_line_it_reads_as_text() -> None:
    assert re.search(r"^collections_path = collections:", (ROOT / "ansible.cfg").read_text(), re.M)


FIRST = ["Inputs", "Output"]
LAST = ["IAM permissions", "Check mode", "Second run", "Undo"]


@pytest.mark.parametrize("role", ROLES)
def test_a_roles_readme_has_what_one_looks_for_in_its_place(role: str) -> None:
    text = (ROOT / "roles" / role / "README.md").read_text()
    title, outcome = text.split("\n\n", 2)[:2]
    assert title == f"# Role {role}"
    assert outcome[:1].isalnum() or outcome.startswith("`"), "its outcome comes first"
    sections = re.findall(r"^## (.+)$", text, re.M)
    closing = sections[:-1] if sections[-1] == "Security checks" else sections
    assert sections[:2] == FIRST
    assert closing[-4:] == LAST


@pytest.mark.parametrize("module", MODULES)
def test_a_module_is_documented(module: str) -> None:
    source = (ROOT / "plugins/modules" / f"{module}.py").read_text()
    blocks = {}
    for block in ("DOCUMENTATION", "EXAMPLES", "RETURN"):
        found = re.search(rf'^{block} = r?"""(.*?)"""', source, re.M | re.S)
        assert found, f"{block} is missing"
        blocks[block] = yaml.safe_load(found.group(1))
        assert blocks[block], f"{block} is empty"
    documentation = blocks["DOCUMENTATION"]
    # Our fragments are held against their promises in plugins/modules/test_aws_modules.py.
    shared = {"ragops.platform.reading", "ragops.platform.reconciled"}
    if not shared & set(documentation.get("extends_documentation_fragment", ())):
        assert {"check_mode", "diff_mode", "idempotent"} <= set(documentation["attributes"])


def test_playbooks_and_roles_know_nothing_of_the_rehearsal() -> None:
    """What differs in the rehearsal stands in its inventory."""
    telling = re.compile(r"ministack|rehearsal\.internal|REHEARSAL_", re.I)
    for path, text in tracked_texts():
        relative = path.relative_to(ROOT)
        if relative.parts[0] in {"playbooks", "roles", "plugins"} and relative.suffix != ".md":
            assert not telling.search(text), f"{relative} knows of the rehearsal"


def test_roles_and_playbooks_build_no_values_in_jinja() -> None:
    """Lists and maps that are put together piece by piece are a filter's work, which has tests."""
    building = re.compile(r"set _ =|\bzip\(")
    for folder in ("roles", "playbooks"):
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in {".yml", ".j2"}:
                assert not building.search(path.read_text()), path.relative_to(ROOT)


def test_what_is_told_of_sets_is_told_in_order() -> None:
    """The filters of sets give another order in each run, to messages, plans and loops."""
    of_sets = re.compile(
        r"\|\s*(?:difference|union|intersect|symmetric_difference)\("
        r"(?:(?!\|\s*(?:sort|length)\b).)*?[}%]}",
        re.S,
    )
    for folder in ("roles", "playbooks"):
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in {".yml", ".j2"}:
                found = of_sets.search(path.read_text())
                assert not found, f"{path.relative_to(ROOT)}: {found and found.group()}"


LONGEST_EXPRESSION = 150
"""Characters; what is longer belongs into variables, filters or plain YAML."""


def test_expressions_can_be_read() -> None:
    said = re.compile(r"\{\{(.*?)\}\}|\{%(.*?)%\}", re.S)
    for folder in ("group_vars", "playbooks", "roles"):
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in {".yml", ".j2"}:
                for found in said.finditer(path.read_text()):
                    text = " ".join((found[1] or found[2]).split())
                    assert len(text) <= LONGEST_EXPRESSION, f"{path.relative_to(ROOT)}: {text}"


def test_no_role_reads_another_roles_files() -> None:
    """The application beside the roles is no role's."""
    reading = re.compile(r"role_path[^\n]*(?<!\.\.)/\.\./\w")
    for path in (ROOT / "roles").rglob("*"):
        if path.suffix in {".yml", ".j2"}:
            assert not reading.search(path.read_text()), path.relative_to(ROOT)


def test_no_two_files_of_tests_have_one_name() -> None:
    """The folders are no packages: pytest would take the second for the first, and run neither."""
    names = [path.name for path in (ROOT / "tests/unit").rglob("test_*.py")]
    assert [name for name in dict.fromkeys(names) if names.count(name) > 1] == []


def module_tested_by(test: str) -> str:
    """The module that a test's file is named after: the longest name that it begins with."""
    return max((name for name in MODULES if test.startswith(f"test_{name}")), key=len, default="")


def test_a_modules_tests_are_found_by_its_name() -> None:
    """The twin that only reads may share those of its module."""
    tested = {module_tested_by(path.name) for path in (ROOT / "tests/unit").rglob("test_*.py")}
    assert [name for name in MODULES if not {name, name.removesuffix("_info")} & tested] == []


def test_module_utils_import_each_other_relatively() -> None:
    absolute = re.compile(r"^\s*(from|import) ansible_collections\.ragops\.", re.M)
    for path in (ROOT / "plugins/module_utils").rglob("*.py"):
        assert not absolute.search(path.read_text()), path.relative_to(ROOT)


def test_nothing_is_pinned_to_latest() -> None:
    floating = re.compile(r"^\s*FROM\s+\S+:latest|image:\s*\S+:latest|@latest\b", re.M)
    for path, text in tracked_texts():
        if path != Path(__file__):
            assert not floating.search(text), f"{path.relative_to(ROOT)} names a moving version"


def test_lock_files_name_hashes_and_no_addresses() -> None:
    for path in [*ROOT.glob("requirements/*.txt"), *ROOT.glob("app/backend/requirements*.txt")]:
        text = path.read_text()
        assert "--hash=sha256:" in text, path
        assert "://" not in text, path
    lock = (ROOT / "app/frontend/package-lock.json").read_text()
    assert '"integrity"' in lock
    assert '"resolved": "http' not in lock
