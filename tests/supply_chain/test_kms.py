"""A key in KMS signs, as in AWS, by an emulated KMS."""

from __future__ import annotations

import json
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from conftest import Bench
from support.emulator import Aws, adjusted

KEY = "awskms:///alias/images"
LENT = ("cryptography", "cffi", "pycparser")


@dataclass
class Kms:
    """The emulated AWS, and where it notes its requests."""

    aws: Aws
    requests: Path

    def asked(self) -> set[str]:
        """The actions that KMS was asked for so far."""
        lines = map(json.loads, self.requests.read_text().splitlines())
        return {line["action"] for line in lines if line["service"] == "kms"}


@pytest.fixture
def kms(bench: Bench, tmp_path: Path) -> Iterator[Kms]:
    """With a key to sign with. The emulator has such keys where it finds cryptography."""
    lent, folder = tmp_path / "lent", tmp_path / "aws"
    for made in (lent, folder):
        made.mkdir()
    installed = Path(sysconfig.get_path("platlib"))
    for path in [*map(installed.joinpath, LENT), *installed.glob("_cffi_backend*")]:
        (lent / path.name).symlink_to(path)
    requests = folder / "requests.jsonl"
    with adjusted(requests, lent) as aws:
        client = aws.client("kms")
        made_key = client.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")
        client.create_alias(AliasName="alias/images", TargetKeyId=made_key["KeyMetadata"]["KeyId"])
        requests.write_text("")
        bench.extra = aws.environment
        yield Kms(aws, requests)


def test_a_key_in_kms_signs_once(bench: Bench, kms: Kms, tmp_path: Path) -> None:
    image = bench.push("backend")
    for changed in (1, 0):
        ran = bench.inspect(image, images_sign_key=KEY)
        assert ran.returncode == 0, ran.output
        assert ran.recap["localhost"]["changed"] == changed
    assert kms.asked() == {"DescribeKey", "GetPublicKey", "Sign"}, "the role's README names these"
    bench.checked("cosign", "public-key", "--key", KEY, "--outfile", f"{tmp_path}/images.pub")
    assert bench.verified(image, f"{tmp_path}/images.pub")
    bench.key("theirs")
    assert not bench.verified(image, f"{tmp_path}/theirs.pub")
    assert bench.outside.asked == []
