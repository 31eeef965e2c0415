"""Which packages may know which: HTTP knows the domains, and no domain knows HTTP."""

import ast
from pathlib import Path

SOURCE = Path(__file__).parents[1] / "src"
FILES = sorted((SOURCE / "rag").rglob("*.py"))


def imported(file: Path) -> set[str]:
    """Names of modules that a file imports, at its top or later."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{name.name}" for name in node.names)}
    return found


def package(name: str) -> str:
    """The folder below rag that a module is in; of one that is in none, its own name."""
    return ".".join(name.split(".")[:2])


def test_only_the_api_knows_of_fastapi() -> None:
    knowing = {
        package(".".join(file.relative_to(SOURCE).with_suffix("").parts))
        for file in FILES
        if any(name.split(".")[0] in ("fastapi", "starlette") for name in imported(file))
    }
    # The process and the application are put together in these three; domains are the others.
    assert knowing == {"rag.__main__", "rag.api", "rag.lifespan", "rag.main"}


def test_no_package_reaches_itself_by_way_of_others() -> None:
    edges: dict[str, set[str]] = {}
    for file in FILES:
        own = package(".".join(file.relative_to(SOURCE).with_suffix("").parts))
        known = {package(name) for name in imported(file) if name.startswith("rag.")}
        edges.setdefault(own, set()).update(known - {own})

    def reached(start: str) -> set[str]:
        found, left = set(), list(edges[start])
        while left:
            name = left.pop()
            if name not in found:
                found.add(name)
                left += edges.get(name, ())
        return found

    assert [name for name in edges if name in reached(name)] == []
