"""The base images come from where the machine's own packages come from."""

from __future__ import annotations

from pathlib import Path

import pytest

from rehearsal.images import recipes

MIRROR = "http://mirror.example/debian"


def test_a_stanza_is_turned_to_another_suite() -> None:
    fields = {
        "URIs": MIRROR,
        "Suites": "bookworm bookworm-updates",
        "Signed-By": "/usr/share/keyrings/debian-archive-keyring.gpg",
    }
    assert recipes.deb822(fields, "trixie") == [
        f"deb [signed-by={fields['Signed-By']}] {MIRROR} trixie main",
        f"deb [signed-by={fields['Signed-By']}] {MIRROR} trixie-updates main",
    ]
    assert recipes.deb822({**fields, "Enabled": "no"}, "trixie") == []


def test_sources_that_are_not_debians_are_left_out() -> None:
    text = f"""
deb {MIRROR} bookworm main contrib
deb-src {MIRROR} bookworm main
deb http://mirror.example/debian-security bookworm-security main
deb http://archive.example/ubuntu noble main
deb http://packages.example/node nodistro main
"""
    assert recipes.one_line(text, "bookworm") == [
        f"deb {MIRROR} bookworm main",
        "deb http://mirror.example/debian-security bookworm-security main",
    ]


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ('Acquire::http::Proxy "http://proxy.example:3142";', True),
        ('// a comment\nAcquire::Check-Date "false";', True),
        ('Acquire::Languages "none";', False),
        ('DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb"; };', False),
        ("", False),
    ],
)
def test_only_the_way_to_the_archive_is_taken_over(tmp_path: Path, text: str, taken: bool) -> None:
    (tmp_path / "99x").write_text(text)
    assert recipes.transport_only(tmp_path / "99x") is taken


def test_the_key_follows_what_goes_in(monkeypatch: pytest.MonkeyPatch) -> None:
    before = recipes.key()
    assert recipes.key() == before
    monkeypatch.setattr(recipes, "CONTAINERFILES", {"x": "FROM scratch"})
    assert recipes.key() != before
