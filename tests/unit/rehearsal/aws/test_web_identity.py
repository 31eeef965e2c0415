"""Tokens of service accounts: signed as the API server signs them, checked as STS checks them."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from rehearsal.aws.eks import token_issuer
from rehearsal.aws.iam import web_identity
from rehearsal.cluster import identity, pki
from rehearsal.names import ISSUER

ROLE = "arn:aws:iam::000000000000:role/backend"
PROVIDER = f"arn:aws:iam::000000000000:oidc-provider/{ISSUER.removeprefix('https://')}"
CLAIMS = {"iss": ISSUER, "aud": ["sts.amazonaws.com"], "sub": "system:serviceaccount:rag:rag"}
ANSWER = (
    "<AssumeRoleWithWebIdentityResponse><SubjectFromWebIdentityToken>test-subject"
    "</SubjectFromWebIdentityToken><Audience>x</Audience><Provider>y</Provider>"
    "</AssumeRoleWithWebIdentityResponse>"
)


def encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Signer:
    """An issuer: its key pair in files as the cluster has them, and tokens."""

    def __init__(self, folder: Path) -> None:
        self.pair = pki.signing_key(folder, "service-accounts")
        self.keys = identity.write_keys(self.pair.certificate)
        self.kid = json.loads(self.keys.read_text())["keys"][0]["kid"]

    def token(self, header: dict[str, Any] | None = None, **claims: Any) -> str:
        key = serialization.load_pem_private_key(self.pair.key.read_bytes(), password=None)
        assert isinstance(key, rsa.RSAPrivateKey)
        first = {"alg": "RS256", "kid": self.kid, **(header or {})}
        second = {**CLAIMS, "exp": time.time() + 600, **claims}
        text = ".".join(encode(json.dumps(part).encode()) for part in (first, second))
        signature = key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{text}.{encode(signature)}"


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> Signer:
    return Signer(tmp_path_factory.mktemp("issuer"))


class Providers(dict[str, Any]):
    """IAM's OIDC providers of the one account."""

    def get_scoped(self, account: str, _: None, arn: str) -> Any:
        return self.get(arn) if account == "000000000000" else None


class Sts:
    """What our handler stands before: it answers as ministack does."""

    def __init__(self) -> None:
        self.reached: list[str] = []

    async def handle_request(self, *arguments: Any) -> Any:
        self.reached.append(arguments[3].decode())
        return 200, {}, ANSWER.encode()

    @staticmethod
    def _error(status: int, code: str, message: str, ns: str) -> Any:
        assert ns == "sts"
        return status, {}, f"{code}: {message}".encode()

    @staticmethod
    def _web_identity_principal(*_: str) -> tuple[str, dict[str, Any]]:
        return PROVIDER, {"a:aud": ["one"], "a:more": ["one", "two"], "a:sub": "me"}


def ask(sts: Sts, signer: Signer, token: str, **more: str) -> tuple[int, str]:
    iam = SimpleNamespace(
        _oidc_providers=Providers({PROVIDER: {"ClientIDList": ["sts.amazonaws.com"]}})
    )
    web_identity.adjust(sts, iam, signer.keys)
    form = {"Action": "AssumeRoleWithWebIdentity", "RoleArn": ROLE, "WebIdentityToken": token}
    body = urlencode({**form, **more}).encode()
    status, _, answer = asyncio.run(sts.handle_request("POST", "/", {}, body, {}))
    return status, answer.decode()


def test_a_good_token_is_told_whose_it_is(signer: Signer) -> None:
    sts = Sts()
    status, answer = ask(sts, signer, signer.token())
    assert status == 200
    assert "<SubjectFromWebIdentityToken>system:serviceaccount:rag:rag</" in answer
    assert "<Audience>sts.amazonaws.com</Audience>" in answer
    assert f"<Provider>{PROVIDER}</Provider>" in answer


def test_other_calls_are_left_alone(signer: Signer) -> None:
    sts = Sts()
    assert ask(sts, signer, "no token", Action="GetCallerIdentity")[1] == ANSWER
    assert len(sts.reached) == 1


def test_what_is_no_token_of_the_issuer_is_refused(signer: Signer, tmp_path: Path) -> None:
    good = signer.token()
    head, claims, signature = good.split(".")
    forged = encode(json.dumps({**CLAIMS, "exp": time.time() + 600, "sub": "root"}).encode())
    other = Signer(tmp_path).token({"kid": signer.kid})
    cases = {
        "not.a.token": "InvalidIdentityToken: The ID Token provided is not a valid JWT",
        "nothing": "InvalidIdentityToken: The ID Token provided is not a valid JWT",
        f"{head}.{forged}.{signature}": "InvalidIdentityToken: The token's signature",
        f"{head}.{claims}.{signature[:-8]}": "InvalidIdentityToken: The token's signature",
        other: "InvalidIdentityToken: The token's signature",
        signer.token({"kid": "another"}): "InvalidIdentityToken: Couldn't retrieve verification",
        signer.token({"alg": "none"}): "InvalidIdentityToken: Couldn't retrieve verification",
        signer.token(exp=time.time() - 1): "ExpiredTokenException: Token expired",
        signer.token(exp=None): "ExpiredTokenException: Token expired",
        signer.token(nbf=time.time() + 900): "InvalidIdentityToken: The token is not valid yet",
        signer.token(aud="somebody"): "InvalidIdentityToken: Incorrect token audience",
        signer.token(iss="https://elsewhere"): "InvalidIdentityToken: No OpenIDConnect provider",
        signer.token(iss=ISSUER.replace("https", "http")): "No OpenIDConnect provider found",
    }
    for token, said in cases.items():
        sts = Sts()
        status, answer = ask(sts, signer, token)
        assert (status, sts.reached) == (400, []), said
        assert said in answer
    status, answer = ask(Sts(), signer, good, RoleArn=ROLE.replace("0000", "1111"))
    assert status == 400
    assert "No OpenIDConnect provider found" in answer


def test_an_audience_in_a_list_of_one_is_that_audience() -> None:
    _, keys = web_identity.with_single_audience(Sts._web_identity_principal, "", "", "")
    assert keys == {"a:aud": "one", "a:more": ["one", "two"], "a:sub": "me"}


class Clusters(dict[Any, Any]):
    """EKS's clusters of all accounts."""

    def all_items(self) -> list[Any]:
        return list(self.items())


def named(*issuers: str) -> SimpleNamespace:
    clusters = Clusters({("1", "r", i): {"identity": {"oidc": {"issuer": i}}} for i in issuers})
    return SimpleNamespace(_clusters=clusters, _new_oidc_id=lambda: "RANDOM")


def test_the_first_cluster_has_the_issuer_whose_tokens_are_signed() -> None:
    for eks, wanted in ((named(), ISSUER), (named(ISSUER), ISSUER.rsplit("/", 1)[0] + "/RANDOM")):
        token_issuer.adjust(eks)
        assert eks._issuer_url(eks._new_oidc_id()) == wanted


def test_the_issuer_publishes_its_keys_while_a_cluster_has_it(signer: Signer) -> None:
    def get(eks: SimpleNamespace, path: str) -> tuple[int, Any]:
        sent: list[dict[str, Any]] = []

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        async def receive() -> dict[str, Any]:
            raise AssertionError("a GET has no body")

        scope = {"type": "http", "path": path}
        asyncio.run(token_issuer.Issuer(eks, signer.keys)(scope, receive, send))
        return sent[0]["status"], json.loads(sent[1]["body"])

    path = "/id/" + ISSUER.rsplit("/", 1)[1]
    status, document = get(named(ISSUER), f"{path}/.well-known/openid-configuration")
    assert (status, document["issuer"]) == (200, ISSUER)
    status, keys = get(named(ISSUER), document["jwks_uri"].removeprefix("https://")[33:])
    assert status == 404
    status, keys = get(named(ISSUER), f"{path}/keys")
    assert (status, keys) == (200, json.loads(signer.keys.read_text()))
    assert get(named(), f"{path}/keys")[0] == 404
