"""People's sign-in, against OpenID providers that are processes of their own."""

import contextlib
import re
import subprocess
import sys
from urllib.parse import parse_qs, urlsplit

import conftest
import httpx
import oidc_server
import pytest
import redis
import servers
from test_access import bearer, key_of, refused

PAGES = "https://rag.test"
PLATFORM = "platform-key-" + "p" * 40
ROLES = '{"readers": "reader", "writers": "writer", "admins": "admin"}'
SESSION, BINDER = "__Host-rag-session", "__Host-rag-signin"
SAME = {"origin": PAGES, "sec-fetch-site": "same-origin"}


class Browser:
    """Goes where it is sent to, and keeps cookies; the frontend's door is the backend's own."""

    def __init__(self, backend, pages=PAGES):
        self.backend, self.pages = backend, pages
        self.cookies = {}
        self.client = httpx.Client(timeout=90)

    def request(self, method, path, headers=None, **more):
        """A request of a page of ours to the backend."""
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers = ({"cookie": cookie} if cookie else {}) | (headers or {})
        response = self.client.request(
            method, f"{self.backend.base_url}{path}", headers=headers, **more
        )
        for line in response.headers.get_list("set-cookie"):
            name, value = re.match(r"([^=]+)=([^;]*)", line).groups()
            self.cookies[name] = value
            if "Max-Age=0" in line:
                del self.cookies[name]
        return response

    def get(self, path, **more):
        return self.request("GET", path, **more)

    def come_back(self, url):
        """What the backend says to a browser that comes from the issuer."""
        assert url.startswith(f"{self.pages}/api/v1/auth/callback?"), url
        return self.get(url.removeprefix(f"{self.pages}/api"))

    def at_issuer(self, next_path="/"):
        """Begin to sign in; where the issuer sends the browser back to."""
        begun = self.request("GET", "/v1/auth/login", params={"next": next_path})
        assert begun.status_code == 303, begun.text
        return self.client.get(begun.headers["location"]).headers["location"]

    def sign_in(self, next_path="/"):
        """All of it; where it ends."""
        return self.come_back(self.at_issuer(next_path)).headers["location"]


@pytest.fixture(scope="module")
def issuer(folder):
    with oidc_server.running(folder) as url:
        yield url


def variables(issuer, **more):
    return {
        "AUTH": "oidc",
        "API_KEY": PLATFORM,
        "FRONTEND_URL": PAGES,
        "OIDC_ISSUER": issuer,
        "OIDC_CLIENT_ID": oidc_server.CLIENT,
        "OIDC_CLIENT_SECRET": oidc_server.SECRET,
        "OIDC_ROLES": ROLES,
        **more,
    }


@pytest.fixture(scope="module")
def pages(world, issuer):
    """A backend at which people sign in."""
    with conftest.running(world, **variables(issuer)) as client:
        yield client


@pytest.fixture
def browser(pages, issuer):
    """A browser of somebody who reads, before the sign-in."""
    person(issuer)
    return Browser(pages)


def person(issuer, group="readers", **more):
    user = {"sub": "ada", "name": "Ada Lovelace", "groups": [group]}
    oidc_server.control(issuer, user=user | more, beside={}, fault="")


def start_of(browser):
    """Where the browser is sent to that begins to sign in."""
    return browser.get("/v1/auth/login").headers["location"]


def failed(browser, url, reason):
    """Nobody came in, and a page of ours says why."""
    assert url == f"{PAGES}/sign-in?error={reason}"
    assert SESSION not in browser.cookies
    refused(browser.get("/v1/me"), 401, "unauthorized")


def test_people_sign_in_and_out(browser, pages):
    refused(browser.get("/v1/me"), 401, "unauthorized")
    assert browser.sign_in("/documents?status=failed") == f"{PAGES}/documents?status=failed"
    me = browser.get("/v1/me").json()
    assert re.fullmatch(r"user-[0-9a-f]{16}", me.pop("id"))
    assert me == {
        "auth": "oidc",
        "name": "Ada Lovelace",
        "tenant": "default",
        "role": "reader",
        "collections": None,
    }
    assert browser.get("/v1/documents").status_code == 200
    out = browser.request("POST", "/v1/auth/logout", headers=SAME)
    url = urlsplit(out.json()["url"])
    told = parse_qs(url.query)
    assert url.path == "/logout"
    assert told["post_logout_redirect_uri"] == [f"{PAGES}/sign-in"]
    assert told["id_token_hint"][0].count(".") == 2
    assert browser.cookies == {}
    refused(browser.get("/v1/me"), 401, "unauthorized")
    for secret in (told["id_token_hint"][0], oidc_server.SECRET, "Lovelace"):
        assert secret not in pages.log.read_text()


def test_the_cookie_is_for_this_host_alone(browser):
    url = browser.at_issuer()
    [line] = [
        each
        for each in browser.come_back(url).headers.get_list("set-cookie")
        if each.startswith(SESSION)
    ]
    value, *attributes = line.split("; ")
    assert len(value.removeprefix(f"{SESSION}=")) == 43
    assert {each.lower() for each in attributes} == {
        "httponly",
        "secure",
        "samesite=lax",
        "path=/",
        "max-age=43200",
    }


def test_a_form_without_scripts_signs_out_too(browser):
    browser.sign_in()
    headers = SAME | {"accept": "text/html,*/*;q=0.8"}
    out = browser.request("POST", "/v1/auth/logout", headers=headers)
    assert (out.status_code, out.headers["location"]) == (303, f"{PAGES}/sign-in")
    assert browser.cookies == {}


def test_a_session_that_has_ended_is_none(browser):
    browser.sign_in()
    old = browser.cookies[SESSION]
    browser.request("POST", "/v1/auth/logout", headers=SAME)
    browser.cookies[SESSION] = old
    refused(browser.get("/v1/me"), 401, "unauthorized")


def test_a_new_sign_in_renews_the_session(browser):
    """Whoever has planted a session, or seen one, has nothing of the next."""
    browser.cookies[SESSION] = planted = "a" * 43
    browser.sign_in()
    first = browser.cookies[SESSION]
    assert first != planted
    browser.sign_in()
    assert browser.cookies[SESSION] != first
    browser.cookies[SESSION] = first
    refused(browser.get("/v1/me"), 401, "unauthorized")


@pytest.mark.parametrize(
    "change", [lambda v: v[:-1] + "_", str.lower, lambda _value: "", lambda v: v * 9]
)
def test_a_changed_cookie_is_none(browser, change):
    browser.sign_in()
    browser.cookies[SESSION] = change(browser.cookies[SESSION])
    refused(browser.get("/v1/me"), 401, "unauthorized")


@pytest.mark.parametrize(
    "fault",
    [
        "nonce",
        "no nonce",
        "audience",
        "several audiences",
        "issuer",
        "expired",
        "no exp",
        "future",
        "none",
        "HS256",
        "another key",
        "unknown key",
        "changed",
        "no token",
        "mix-up",
    ],
)
def test_what_does_not_hold_lets_nobody_in(browser, issuer, fault):
    oidc_server.control(issuer, fault=fault)
    failed(browser, browser.sign_in(), "refused")


def test_people_may_refuse(browser, issuer):
    oidc_server.control(issuer, fault="denied")
    failed(browser, browser.sign_in(), "denied")


def test_a_code_is_good_once(browser, pages):
    url = browser.at_issuer()
    browser.come_back(url)
    other = Browser(pages)
    other.cookies[BINDER] = browser.cookies[BINDER]
    failed(other, other.come_back(url).headers["location"], "refused")


def test_an_answer_is_for_the_browser_that_asked(browser, pages):
    """An attacker's own answer signs nobody else in as the attacker."""
    url = browser.at_issuer()
    for cookies in ({}, {BINDER: "a" * 43}, {BINDER: "x"}):
        victim = Browser(pages)
        victim.cookies |= cookies
        failed(victim, victim.come_back(url).headers["location"], "stale")


@pytest.mark.parametrize("part", [0, 1, 2, 3])
def test_a_changed_state_is_refused(browser, part):
    url = httpx.URL(browser.at_issuer())
    parts = url.params["state"].split(".")
    parts[part] = ("0" if parts[part][0] != "0" else "1") + parts[part][1:]
    changed = url.copy_set_param("state", ".".join(parts))
    failed(browser, browser.come_back(str(changed)).headers["location"], "stale")


@pytest.mark.parametrize("query", ["", "?state=", "?code=x", "?state=..&code=x", "?state=a.b.c.d"])
def test_answers_that_nobody_asked_for(browser, query):
    answer = browser.get(f"/v1/auth/callback{query}")
    failed(browser, answer.headers["location"], "stale")


@pytest.mark.parametrize(
    "path",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "javascript:alert(1)",
        "/api/v1/auth/login",
        "/" + "a" * 600,
        "",
    ],
)
def test_it_ends_at_a_page_of_ours(browser, path):
    assert browser.sign_in(path) == f"{PAGES}/"


def test_two_tabs_sign_in_side_by_side(browser):
    first, second = browser.at_issuer("/status"), browser.at_issuer("/documents")
    assert browser.come_back(first).headers["location"] == f"{PAGES}/status"
    assert browser.come_back(second).headers["location"] == f"{PAGES}/documents"


def test_new_keys_of_the_issuer_are_found(browser, issuer):
    browser.sign_in()
    oidc_server.control(issuer, rotate=True)
    assert browser.sign_in() == f"{PAGES}/"


@pytest.mark.parametrize(
    ("headers", "allowed"),
    [
        (SAME, True),
        ({"origin": PAGES}, True),
        ({"sec-fetch-site": "same-origin"}, True),
        ({}, False),
        ({"origin": "null"}, False),
        ({"origin": "https://evil.example"}, False),
        ({"origin": "http://rag.test"}, False),
        ({"origin": PAGES, "sec-fetch-site": "cross-site"}, False),
        ({"origin": "https://a.rag.test", "sec-fetch-site": "same-site"}, False),
        ({"origin": PAGES, "sec-fetch-site": "none"}, False),
    ],
)
def test_only_our_pages_change_something(browser, headers, allowed):
    browser.sign_in()
    response = browser.request("POST", "/v1/search", json={"query": "piers"}, headers=headers)
    out = browser.request("POST", "/v1/auth/logout", headers=headers)
    if allowed:
        assert (response.status_code, out.status_code) == (200, 200)
    else:
        refused(response, 403, "forbidden")
        refused(out, 403, "forbidden")
        assert browser.get("/v1/me").status_code == 200


def test_roles_are_the_issuers(browser, issuer):
    upload = {"files": {"file": ("a.txt", b"A pier.")}, "headers": SAME}
    browser.sign_in()
    refused(browser.request("POST", "/v1/documents", **upload), 403, "forbidden")
    person(issuer, "writers")
    browser.sign_in()
    assert browser.request("POST", "/v1/documents", **upload).status_code in (200, 202)
    refused(browser.get("/v1/keys"), 403, "forbidden")
    person(issuer, groups=["readers", "admins", 7, None])
    browser.sign_in()
    body = {"name": "mine", "role": "reader"}
    made = browser.request("POST", "/v1/keys", json=body, headers=SAME)
    assert made.status_code == 201, made.text
    assert made.json()["created_by"] == browser.get("/v1/me").json()["id"]


@pytest.mark.parametrize("groups", [[], ["others"], "admin", {"admins": True}, None])
def test_who_has_no_role_does_not_come_in(browser, issuer, groups):
    person(issuer, groups=groups)
    failed(browser, browser.sign_in(), "no-role")


def test_claims_may_be_at_the_userinfo_endpoint_alone(browser, issuer):
    oidc_server.control(issuer, user={"sub": "ada"}, beside={"groups": ["writers"]})
    browser.sign_in()
    assert browser.get("/v1/me").json()["role"] == "writer"
    browser.cookies.clear()
    oidc_server.control(issuer, fault="another subject")
    failed(browser, browser.sign_in(), "refused")


def test_keycloaks_claims_and_tenants(world, issuer):
    """Roles at a nested path, and a tenant by a claim."""
    changes = variables(
        issuer,
        OIDC_ROLE_CLAIM="realm_access.roles",
        OIDC_TENANT_CLAIM="org",
    )
    user = {"sub": "bo", "realm_access": {"roles": ["offline_access", "writers"]}, "org": "north"}
    oidc_server.control(issuer, user=user, fault="")
    with conftest.running(world, **changes) as client:
        browser = Browser(client)
        browser.sign_in()
        me = browser.get("/v1/me").json()
        assert (me["role"], me["tenant"], me["name"]) == ("writer", "north", "bo")
        other = browser.get("/v1/me", headers={"x-tenant": "south"})
        refused(other, 403, "forbidden")
        for org in (None, "", "A b", ["north"]):
            oidc_server.control(issuer, user=user | {"org": org})
            stranger = Browser(client)
            failed(stranger, stranger.sign_in(), "no-role")


def test_sessions_end(world, issuer):
    """After a while without a request, and after a while in all."""
    person(issuer)
    kept = redis.Redis(port=world.ports["redis"])
    with conftest.running(world, **variables(issuer, SESSION_SECONDS="5000")) as client:
        browser = Browser(client)
        before = set(kept.keys("rag:session:*"))
        browser.sign_in()
        [name] = set(kept.keys("rag:session:*")) - before
        # The server has a hash alone.
        assert browser.cookies[SESSION].encode() not in name
        kept.expire(name, 100)
        assert browser.get("/v1/me").status_code == 200
        assert 3500 < kept.ttl(name) <= 3600
        now = kept.time()[0]
        kept.hset(name, "until", now + 50)
        assert browser.get("/v1/me").status_code == 200
        assert kept.ttl(name) <= 50
        kept.hset(name, "until", now - 1)
        refused(browser.get("/v1/me"), 401, "unauthorized")


def test_keys_work_beside_sessions(browser, pages):
    assert pages.get("/v1/me", headers=bearer(PLATFORM)).json()["role"] == "admin"
    key = key_of(pages, "writer")["key"]
    browser.sign_in()
    # A key goes before a session, also a wrong one.
    assert browser.get("/v1/me", headers=bearer(key)).json()["role"] == "writer"
    refused(browser.get("/v1/me", headers=bearer("wrong")), 401, "unauthorized")
    assert pages.get("/version").json()["auth"] == "oidc"


def test_without_redis_nobody_passes_and_nobody_is_signed_out(browser, world):
    browser.sign_in()
    world.relays["redis"].cut()
    try:
        response = refused(browser.get("/v1/me"), 503, "dependency-unavailable")
        assert response.json()["dependency"] == "redis"
        stranger = Browser(browser.backend)
        assert stranger.sign_in() == f"{PAGES}/sign-in?error=unavailable"
    finally:
        world.relays["redis"].restore()
    servers.wait("redis", lambda: browser.get("/v1/me").status_code == 200)


def test_without_the_issuer_people_go_on(world, folder):
    with contextlib.ExitStack() as provider:
        gone = provider.enter_context(oidc_server.running(folder))
        person(gone)
        client = provider.enter_context(conftest.running(world, **variables(gone)))
        browser = Browser(client)
        browser.sign_in()
        late = browser.at_issuer()
        oidc_server.control(gone, end=True)
        assert browser.get("/v1/documents").status_code == 200
        stranger = Browser(client)
        stranger.cookies[BINDER] = browser.cookies[BINDER]
        failed(stranger, stranger.come_back(late).headers["location"], "unavailable")
        out = browser.request("POST", "/v1/auth/logout", headers=SAME)
        assert out.status_code == 200
        refused(browser.get("/v1/me"), 401, "unauthorized")
    with conftest.running(world, **variables(gone)) as client:
        # One that has not seen the issuer yet starts, too.
        failed(stranger := Browser(client), start_of(stranger), "unavailable")


def test_sign_ins_are_in_the_audit_log(browser, issuer, pages):
    person(issuer, "writers", sub="audited")
    browser.sign_in()
    person(issuer, "nobody", sub="audited")
    browser.cookies.clear()
    browser.sign_in()
    lines = [each for each in pages.log.read_text().splitlines() if '"audit"' in each]
    done, refusal = lines[-3:-1] if "/v1/me" in lines[-1] else lines[-2:]
    assert '"outcome": "done"' in done
    assert '"role": "writer"' in done
    assert '"reason": "no-role"' in refusal


def test_another_provider(world, folder):
    """One that nobody here wrote, and that people use with a form."""
    port = servers.free_port()
    user = '{"sub": "bo@example.org", "cognito:groups": ["admins"]}'
    command = [sys.executable, "-m", "oidc_provider_mock", "-p", str(port), "--user-claims", user]
    with servers.process(command, folder / "mock.log"):
        servers.wait("the provider", lambda: servers.accepts(port))
        issuer = f"http://127.0.0.1:{port}"
        changes = variables(
            issuer,
            OIDC_ROLE_CLAIM="cognito:groups",
            OIDC_SCOPES="openid",
            FRONTEND_URL="http://f.test",
        )
        with conftest.running(world, **changes) as client:
            browser = Browser(client, "http://f.test")
            begun = browser.get("/v1/auth/login")
            sent = browser.client.post(begun.headers["location"], data={"sub": "bo@example.org"})
            ended = browser.come_back(sent.headers["location"])
            assert ended.headers["location"] == "http://f.test/"
            assert "Secure" not in ended.headers["set-cookie"]
            assert set(browser.cookies) == {"rag-session", "rag-signin"}
            assert browser.get("/v1/me").json()["role"] == "admin"
            out = browser.request("POST", "/v1/auth/logout", headers={"origin": "http://f.test"})
            assert out.json()["url"].startswith(f"{issuer}/oauth2/end_session")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"OIDC_ISSUER": None}, "OIDC_ISSUER"),
        ({"OIDC_CLIENT_ID": None}, "OIDC_CLIENT_ID"),
        ({"FRONTEND_URL": None}, "FRONTEND_URL"),
        ({"OIDC_ROLES": None}, "OIDC_ROLES"),
        ({"OIDC_ROLES": '{"a": "root"}'}, "OIDC_ROLES"),
        ({"API_KEY": None}, "API_KEY"),
        ({"OIDC_SCOPES": "profile"}, "OIDC_SCOPES"),
    ],
)
def test_half_a_configuration_is_named(world, changes, told):
    command = [sys.executable, "-m", "rag"]
    env = world.env(**variables("http://issuer.example") | changes)
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 78
    assert told in done.stderr
    assert oidc_server.SECRET not in done.stderr


def test_servers_without_sign_in_have_no_such_pages(backend):
    for method, path in (("GET", "login"), ("GET", "callback"), ("POST", "logout")):
        refused(backend.request(method, f"/v1/auth/{path}"), 404, "not-found")
