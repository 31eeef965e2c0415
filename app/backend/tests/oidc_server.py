"""A small OpenID provider, which can be told to send what no client may take.

`python oidc_server.py PORT` serves it; `running()` does so in a process of its own.
"""

import base64
import contextlib
import hashlib
import hmac
import json
import os
import secrets
import sys
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

import httpx
import jwt
import servers
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT, SECRET = "rag-pages", "a secret with +/& and ä"


class Provider:
    """What the provider knows: its keys, its codes, and who is about to sign in."""

    def __init__(self, port: int) -> None:
        self.issuer = f"http://127.0.0.1:{port}"
        self.codes: dict[str, dict[str, str]] = {}
        self.tokens: dict[str, str] = {}
        self.user: dict[str, Any] = {"sub": "ada"}
        self.beside: dict[str, Any] = {}
        """Claims that the UserInfo endpoint alone tells."""
        self.fault = ""
        self.rotate()

    def rotate(self) -> None:
        """Sign with a new key from now on; the one before is not published any more."""
        self.key = rsa.generate_private_key(65537, 2048)
        self.kid = secrets.token_hex(4)

    def jwks(self) -> dict[str, Any]:
        """The public key."""
        key = jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        return {"keys": [{**key, "kid": self.kid, "use": "sig"}]}

    def id_token(self, nonce: str) -> str:
        """A token, as the present fault has it."""
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": nonce}
        claims |= self.user | _wrong(now).get(self.fault, {})
        claims = {name: value for name, value in claims.items() if value is not None}
        if self.fault == "no token":
            return "rubbish"
        if self.fault == "none":
            return jwt.encode(claims, None, "none", headers={"kid": self.kid})
        if self.fault == "HS256":
            return self._signed_with_the_public_key(claims)
        strange = self.fault in ("another key", "unknown key")
        key = rsa.generate_private_key(65537, 2048) if strange else self.key
        kid = "unknown" if self.fault == "unknown key" else self.kid
        token = jwt.encode(claims, key, "RS256", headers={"kid": kid})
        if self.fault == "changed":
            head, _body, signature = token.split(".")
            body = _text(json.dumps({**claims, "groups": ["admins"]}).encode())
            return f"{head}.{body}.{signature}"
        return token

    def _signed_with_the_public_key(self, claims: dict[str, Any]) -> str:
        public = self.key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        head = _text(json.dumps({"alg": "HS256", "typ": "JWT", "kid": self.kid}).encode())
        body = _text(json.dumps(claims).encode())
        signature = hmac.digest(public, f"{head}.{body}".encode(), "sha256")
        return f"{head}.{body}.{_text(signature)}"


class Handler(BaseHTTPRequestHandler):
    """The provider's endpoints, and `/control` for the tests."""

    provider: Provider
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Metadata, keys, and where people go to."""
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        issuer = self.provider.issuer
        match parts.path:
            case "/.well-known/openid-configuration":
                self._send(
                    200,
                    {
                        "issuer": issuer,
                        "authorization_endpoint": f"{issuer}/authorize",
                        "token_endpoint": f"{issuer}/token",
                        "userinfo_endpoint": f"{issuer}/userinfo",
                        "jwks_uri": f"{issuer}/jwks",
                        "end_session_endpoint": f"{issuer}/logout",
                        "authorization_response_iss_parameter_supported": True,
                    },
                )
            case "/jwks":
                self._send(200, self.provider.jwks())
            case "/authorize":
                self._authorize(query)
            case "/userinfo":
                subject = self.provider.tokens.get(self.headers["authorization"].split()[-1])
                if self.provider.fault == "another subject":
                    subject = "eve"
                self._send(200, {"sub": subject, **self.provider.beside})
            case _:
                self._send(404, {})

    def do_POST(self) -> None:
        """Tokens for codes."""
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.path == "/control":
            told = json.loads(body)
            if told.pop("rotate", False):
                self.provider.rotate()
            if told.pop("end", False):
                os._exit(0)
            for name, value in told.items():
                setattr(self.provider, name, value)
            return self._send(200, {})
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        _basic, _space, given = self.headers.get("authorization", "").partition(" ")
        user, _colon, password = base64.b64decode(given).decode().partition(":")
        if (unquote(user), unquote(password)) != (CLIENT, SECRET):
            return self._send(401, {"error": "invalid_client"})
        # A code is good once.
        asked = self.provider.codes.pop(form["code"], None)
        challenge = _text(hashlib.sha256(form["code_verifier"].encode()).digest())
        fits = asked and asked["redirect_uri"] == form["redirect_uri"]
        if not asked or not fits or asked["code_challenge"] != challenge:
            return self._send(400, {"error": "invalid_grant"})
        access = secrets.token_hex(16)
        self.provider.tokens[access] = self.provider.user["sub"]
        token = self.provider.id_token(asked["nonce"])
        return self._send(200, {"token_type": "Bearer", "access_token": access, "id_token": token})

    def _authorize(self, asked: dict[str, str]) -> None:
        if asked["client_id"] != CLIENT or asked["code_challenge_method"] != "S256":
            return self._send(400, {"error": "invalid_request"})
        answer = {"state": asked["state"], "iss": self.provider.issuer}
        if self.provider.fault == "denied":
            answer["error"] = "access_denied"
        else:
            answer["code"] = secrets.token_hex(16)
            self.provider.codes[answer["code"]] = asked
        if self.provider.fault == "mix-up":
            answer["iss"] = "http://issuer.example"
        self._send(302, {}, location=f"{asked['redirect_uri']}?{urlencode(answer)}")

    def _send(self, status: int, body: dict[str, Any], **headers: str) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        for name, value in ({"content-type": "application/json"} | headers).items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


def _wrong(now: int) -> dict[str, dict[str, Any]]:
    """Claims that do not hold, by the fault; None: the claim is missing."""
    return {
        "nonce": {"nonce": "another"},
        "no nonce": {"nonce": None},
        "audience": {"aud": "another-client"},
        "several audiences": {"aud": [CLIENT, "another"], "azp": "another"},
        "issuer": {"iss": "http://issuer.example"},
        "expired": {"iat": now - 7200, "exp": now - 3600},
        "no exp": {"exp": None},
        "future": {"iat": now + 3600, "exp": now + 7200},
    }


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@contextlib.contextmanager
def running(folder: Path) -> Iterator[str]:
    """A provider; its URL."""
    port = servers.free_port()
    command = [sys.executable, __file__, str(port)]
    with servers.process(command, folder / "oidc.log"):
        servers.wait("the OpenID provider", lambda: servers.accepts(port))
        yield f"http://127.0.0.1:{port}"


def control(issuer: str, **told: object) -> None:
    """Tell who signs in (`user`, `beside`), what is wrong (`fault`), or to `rotate` or `end`."""
    # One that is told to end answers no more.
    with contextlib.suppress(httpx.RemoteProtocolError if "end" in told else ()):
        httpx.post(f"{issuer}/control", json=told, timeout=30).raise_for_status()


if __name__ == "__main__":
    Handler.provider = Provider(int(sys.argv[1]))
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
