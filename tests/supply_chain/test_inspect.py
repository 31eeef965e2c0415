"""Images are scanned, listed and signed by the real programs, whenever that was not done yet."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import Bench, Image


def listed(folder: Path, image: Image) -> dict[str, str]:
    """Names and versions in the list of an image."""
    digest = image.reference.partition("sha256:")[2]
    found = json.loads((folder / f"{image.name}-{digest[:16]}.cdx.json").read_text())
    assert found["bomFormat"] == "CycloneDX"
    assert image.reference == "@".join(
        found["metadata"]["component"][part] for part in ("name", "version")
    )
    return {each["name"]: each.get("version", "") for each in found["components"]}


def test_what_is_not_signed_is_scanned_listed_and_signed_once(bench: Bench, tmp_path: Path) -> None:
    """No run built it: one that ended between push and signature left it so."""
    image, key, lists = bench.push("backend"), bench.key("ours"), tmp_path / "lists"
    inputs = {"images_sign_key": key, "images_sbom_folder": str(lists), "images_scan": "required"}
    assert not bench.verified(image, f"{tmp_path}/ours.pub")

    planned = bench.inspect(image, flags=("--check", "--diff"), **inputs)
    assert planned.returncode == 0, planned.output
    assert f"signature of {image.reference}" in planned.output
    assert not lists.exists()
    assert not bench.verified(image, f"{tmp_path}/ours.pub")

    ran = bench.inspect(image, **inputs)
    assert ran.returncode == 0, ran.output
    assert listed(lists, image)["gullible"] == "1.0"
    assert bench.verified(image, f"{tmp_path}/ours.pub")

    for flags in ((), ("--check",)):
        again = bench.inspect(image, flags=flags, **inputs)
        assert again.returncode == 0, again.output
        assert again.recap["localhost"]["changed"] == 0
    assert bench.outside.asked == []


def test_a_signature_is_of_one_image_and_one_key(bench: Bench, tmp_path: Path) -> None:
    image, changed, key = bench.push("backend"), bench.push("backend"), bench.key("ours")
    bench.key("theirs")
    ran = bench.inspect(image, images_sign_key=key)
    assert ran.returncode == 0, ran.output
    assert bench.verified(image, f"{tmp_path}/ours.pub")
    assert not bench.verified(image, f"{tmp_path}/theirs.pub")
    assert not bench.verified(changed, f"{tmp_path}/ours.pub")


def test_what_others_signed_is_signed_as_well(bench: Bench, tmp_path: Path) -> None:
    image, keys = bench.push("backend"), [bench.key(name) for name in ("theirs", "ours")]
    for key in keys:
        ran = bench.inspect(image, images_sign_key=key)
        assert ran.returncode == 0, ran.output
        assert ran.recap["localhost"]["changed"] == 1
    for name in ("theirs", "ours"):
        assert bench.verified(image, f"{tmp_path}/{name}.pub")


@pytest.mark.parametrize("signing", [False, True])
def test_what_a_scan_finds_is_an_error_in_each_run(
    bench: Bench, tmp_path: Path, signing: bool
) -> None:
    image, key = bench.push("backend"), bench.key("ours")
    inputs = {"images_sign_key": key if signing else ""}
    bench.know("critical", "2.0")
    for _ in range(2):
        ran = bench.inspect(image, **inputs)
        assert ran.returncode == 2
        assert "MADE-UP-1" in ran.output
        assert not bench.verified(image, f"{tmp_path}/ours.pub")


@pytest.mark.parametrize(
    ("severity", "fixed_in", "from_severity", "code"),
    [
        ("critical", "2.0", "critical", 2),
        ("high", "2.0", "critical", 0),
        ("high", "2.0", "high", 2),
        ("critical", "2.0", "high", 2),
        ("critical", "none", "critical", 0),
        ("critical", "1.0", "critical", 0),
    ],
)
def test_only_what_is_fixable_and_severe_enough_is_an_error(
    bench: Bench, severity: str, fixed_in: str, from_severity: str, code: int
) -> None:
    image = bench.push("backend")
    bench.know(severity, fixed_in)
    ran = bench.inspect(image, images_scan="required", images_scan_severity=from_severity)
    assert ran.returncode == code, ran.output


def test_a_registry_that_does_not_answer_is_not_one_without_signatures(bench: Bench) -> None:
    nowhere = Image("backend", f"127.0.0.1:1/team/backend@sha256:{'0' * 64}")
    ran = bench.inspect(nowhere, flags=("--check",), images_sign_key=bench.key("ours"))
    assert ran.returncode == 2
    assert "connection refused" in ran.output


def test_a_key_without_its_password_signs_nothing(bench: Bench, tmp_path: Path) -> None:
    image, key = bench.push("backend"), bench.key("ours")
    bench.password = "not-the-password-of-the-key"
    ran = bench.inspect(image, images_sign_key=key)
    assert ran.returncode == 2
    assert "decryption failed" in ran.output
    assert not bench.verified(image, f"{tmp_path}/ours.pub")


def test_the_public_log_is_told_only_where_it_is_asked_for(bench: Bench, tmp_path: Path) -> None:
    image, key = bench.push("backend"), bench.key("ours")
    ran = bench.inspect(image, images_sign_key=key, images_sign_transparency_log=True)
    assert ran.returncode == 2
    assert any("sigstore" in host for host in bench.outside.asked)
    assert not bench.verified(image, f"{tmp_path}/ours.pub")
