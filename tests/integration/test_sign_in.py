"""People sign in at a user pool of Cognito, and the application gives them the roles of groups."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from conftest import ROOT, inside, playbook
from test_life_of_the_platform import open_service

PAGES = "https://rag.rehearsal.test"
PAGES_PORT, BACKEND_PORT = 28504, 28505
SESSION = "__Host-rag-session"

pytestmark = pytest.mark.usefixtures("platform")


def cognito(*arguments: str) -> Any:
    """What cognito.py prints."""
    script = str(ROOT / "tests/integration/cognito.py")
    outcome = inside(".venv/bin/python", script, *arguments)
    assert outcome.returncode == 0
    return json.loads(outcome.output.splitlines()[-1])


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of inputs of a platform at which people sign in."""
    made = cognito("make", PAGES)
    file = tmp_path_factory.mktemp("people") / "inputs.json"
    file.touch(0o600)
    given = {
        "secrets_extra": [
            {"name": "oidc-client", "description": "Client of the pages", "value": made["secret"]}
        ],
        "app_rollout_auth": "oidc",
        "app_rollout_oidc": {
            "issuer": made["issuer"],
            "client_id": made["client"],
            "client_secret": "oidc-client",
            "pages_url": PAGES,
            "role_claim": "cognito:groups",
            "roles": {"rag-admins": "admin", "rag-readers": "reader"},
        },
    }
    file.write_text(json.dumps(given))
    return file


class Browser:
    """Goes to the pages through the relay, and keeps cookies that are for HTTPS alone."""

    def __init__(self) -> None:
        self._pages = httpx.Client(base_url=f"http://127.0.0.1:{PAGES_PORT}/api", timeout=60)
        self._backend = httpx.Client(base_url=f"http://127.0.0.1:{BACKEND_PORT}", timeout=60)
        self.cookies: dict[str, str] = {}

    def _headers(self) -> dict[str, str]:
        """What a request of a page is told apart from others by."""
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return {"cookie": cookie, "origin": PAGES, "sec-fetch-site": "same-origin"}

    def told(self, path: str) -> httpx.Response:
        """What the backend tells the pages' server for this browser."""
        return self._backend.get(path, headers=self._headers())

    def request(self, method: str, path: str, **more: Any) -> httpx.Response:
        """A request of a page."""
        response = self._pages.request(method, path, headers=self._headers(), **more)
        for line in response.headers.get_list("set-cookie"):
            name, _equals, rest = line.partition("=")
            self.cookies[name] = rest.partition(";")[0]
            if "max-age=0" in line.lower():
                del self.cookies[name]
        return response

    def sign_in(self, name: str) -> httpx.Response:
        """All of it, up to the answer that lets the browser in, or not."""
        begun = self.request("GET", "/v1/auth/login", params={"next": "/documents"})
        assert begun.status_code == 303, begun.text
        back = str(cognito("sign-in", begun.headers["location"], name))
        assert back.startswith(f"{PAGES}/api/v1/auth/callback?"), back
        return self.request("GET", back.removeprefix(f"{PAGES}/api"))


@pytest.fixture(scope="module")
def pages(inputs: Path) -> Iterator[None]:
    """The platform as it is with these inputs, and its pages on a port of this machine."""
    outcome = playbook("site.yml", "-e", f"@{inputs}")
    assert outcome.returncode == 0
    assert outcome.recap["health"]["failed"] == 0
    relays = [open_service("frontend", PAGES_PORT), open_service("backend", BACKEND_PORT)]
    yield
    for relay in relays:
        relay.terminate()
    for relay in relays:
        relay.wait(timeout=10)


@pytest.mark.usefixtures("pages")
def test_people_have_the_roles_of_their_groups() -> None:
    for name, role in (("ada", "admin"), ("rex", "reader")):
        browser = Browser()
        assert browser.request("GET", "/v1/documents").status_code == 401
        assert browser.sign_in(name).headers["location"] == f"{PAGES}/documents"
        assert browser.request("GET", "/v1/documents").status_code == 200
        assert browser.told("/v1/me").json()["role"] == role
        assert browser.told("/v1/keys").status_code == (200 if role == "admin" else 403)
        kept = dict(browser.cookies)
        left = browser.request("POST", "/v1/auth/logout")
        assert left.json()["url"].startswith("https://cognito-idp.")
        assert SESSION not in browser.cookies
        # Whoever kept the cookie has nothing of it.
        browser.cookies = kept
        assert browser.told("/v1/me").status_code == 401


@pytest.mark.usefixtures("pages")
def test_who_is_in_no_group_does_not_come_in() -> None:
    browser = Browser()
    assert browser.sign_in("eve").headers["location"].startswith(f"{PAGES}/sign-in?error=")
    assert SESSION not in browser.cookies


@pytest.mark.usefixtures("pages")
def test_the_second_run_changes_nothing_and_no_secret_is_seen(inputs: Path) -> None:
    outcome = playbook("site.yml", "--diff", "-e", f"@{inputs}")
    assert outcome.returncode == 0
    assert outcome.changed == {}
    secret = json.loads(inputs.read_text())["secrets_extra"][0]["value"]
    assert secret not in outcome.output
