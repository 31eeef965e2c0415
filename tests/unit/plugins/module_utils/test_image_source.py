"""What takes part in an image's hash, and what does not."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from ansible_collections.ragops.platform.plugins.module_utils._images.source import (
    ImageError,
    context_files,
    not_ignored,
    source_tag,
    stage,
)


@pytest.mark.parametrize(
    ("lines", "kept"),
    [
        ([], ["a.txt", "b/c.txt", "b/d/e.md", "node_modules/x.js"]),
        (["node_modules"], ["a.txt", "b/c.txt", "b/d/e.md"]),
        (["/b/"], ["a.txt", "node_modules/x.js"]),
        (["*.txt"], ["b/c.txt", "b/d/e.md", "node_modules/x.js"]),
        (["**/*.txt"], ["b/d/e.md", "node_modules/x.js"]),
        (["*", "!b/d"], ["b/d/e.md"]),
        (["b/?.txt"], ["a.txt", "b/d/e.md", "node_modules/x.js"]),
        (["[ab].txt", "**/x.js"], ["b/c.txt", "b/d/e.md"]),
    ],
)
def test_ignore_patterns(lines: list[str], kept: list[str]) -> None:
    """Patterns mean what they mean to the engines."""
    paths = ["a.txt", "b/c.txt", "b/d/e.md", "node_modules/x.js"]
    assert not_ignored(paths, lines) == kept


def make(folder: Path) -> Path:
    """Return a context with two files."""
    (folder / "Containerfile").write_text("FROM scratch\nCOPY . /\n")
    (folder / "app.py").write_text("print()\n")
    return folder


def tag(folder: Path, **options: object) -> str:
    """Return the tag of a context."""
    return source_tag(folder, context_files(folder), folder / "Containerfile", options)


def test_tag_follows_content_not_time(tmp_path: Path) -> None:
    """Content, mode, arguments and platform count; time stamps don't."""
    make(tmp_path)
    first = tag(tmp_path)
    (tmp_path / "app.py").touch()
    assert tag(tmp_path) == first
    others = [
        tag(tmp_path, build_args={"BASE": "x"}),
        tag(tmp_path, labels={"a": "b"}),
        tag(tmp_path, target="run"),
        tag(tmp_path, platform="linux/riscv64"),
    ]
    (tmp_path / "app.py").chmod(0o755)
    others.append(tag(tmp_path))
    (tmp_path / "link").symlink_to("app.py")
    others.append(tag(tmp_path))
    assert len({first, *others}) == 7


def test_git_ignored_files_take_no_part(tmp_path: Path) -> None:
    """What git ignores is neither hashed nor staged; what is new and not ignored is."""
    make(tmp_path)
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / ".gitignore").write_text("*.log\n")
    first = tag(tmp_path)
    (tmp_path / "debug.log").write_text("noise")
    assert tag(tmp_path) == first
    (tmp_path / "new.py").write_text("")
    assert tag(tmp_path) != first
    target = tmp_path / "staged"
    stage(tmp_path, context_files(tmp_path), target)
    assert sorted(p.name for p in target.iterdir()) == [
        ".gitignore",
        "Containerfile",
        "app.py",
        "new.py",
    ]


def test_all_ignored_is_an_error(tmp_path: Path) -> None:
    """An empty context is a mistake, not an image."""
    make(tmp_path)
    (tmp_path / ".containerignore").write_text("*\n")
    with pytest.raises(ImageError, match="no files, except ignored ones"):
        context_files(tmp_path)
