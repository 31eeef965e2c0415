"""Fetching strangers' URLs: real servers, and names that an attacker answers for."""

import asyncio
import ssl
import tracemalloc

import origins
import pytest
from aiohttp.abc import AbstractResolver

from rag.adapters.addresses import Policy
from rag.adapters.web import Fetched, Web
from rag.errors import OriginError, OriginRefusedError, RefusedUrlError, TooLargeError

MOST = 1 << 20
NO_ADDRESS = "at no address that may be fetched from"


@pytest.fixture(scope="module")
def origin():
    with origins.serving() as made:
        yield made


class Names(AbstractResolver):
    """What an attacker's name server says: a further list of addresses each time it is asked."""

    def __init__(self, *answers):
        self.answers = list(answers)

    async def resolve(self, host, port=0, family=2):
        found = self.answers.pop(0) if self.answers[1:] else self.answers[0]
        return [
            {"hostname": host, "host": each, "port": port, "family": family, "proto": 6, "flags": 0}
            for each in found
        ]

    async def close(self):
        """Nothing is open."""


def fetch(origin, url, *, hosts="127.0.0.2/32", names=None, seconds=20.0, plain=True):
    policy = Policy.of(hosts, f"80,443,{origin.port}", plain=plain)
    web = Web(policy, seconds=seconds, context=ssl.create_default_context(), resolver=names)

    async def run() -> Fetched:
        return await web.fetch(url, MOST)

    return asyncio.run(run())


def test_a_file_is_fetched_with_what_names_it(origin):
    got = fetch(origin, origin.url("/page?id=4#below"))
    assert got.body == origins.PAGE
    assert got.content_type.startswith("text/html")
    assert fetch(origin, origin.url("/named")).disposition.endswith('tide table.txt"')
    assert fetch(origin, origin.url("/packed")).body == origins.PAGE
    moved = fetch(origin, origin.url("/to?/page"))
    assert (moved.body, moved.url.path) == (origins.PAGE, "/page")


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "localhost", "2130706433", "0177.0.0.1", "0x7f.0.0.1", "127.1"),
        *("[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[64:ff9b::7f00:1]", "0"),
        *("169.254.169.254", "[fd00:ec2::254]", "[::ffff:169.254.169.254]", "[2002:7f00:1::]"),
    ],
)
def test_no_form_of_a_forbidden_address_is_connected_to(origin, host):
    before = list(origin.seen[origins.CLOSED])
    for url in (origin.url("/page", host), origin.url(f"/to?http://{host}:{origin.port}/page")):
        # To all public addresses, and to one network.
        for hosts in ("", "127.0.0.2/32"):
            with pytest.raises(RefusedUrlError, match=NO_ADDRESS):
                fetch(origin, url, hosts=hosts)
    assert origin.seen[origins.CLOSED] == before


def test_a_name_that_changes_its_mind_is_asked_once_for_each_connection(origin):
    url = f"http://rebind.example:{origin.port}/to?http://rebind.example:{origin.port}/page"
    before = list(origin.seen[origins.CLOSED])
    first_good = Names(["127.0.0.2"], ["127.0.0.1"])
    with pytest.raises(RefusedUrlError, match=NO_ADDRESS):
        fetch(origin, url, names=first_good)
    assert first_good.answers == [["127.0.0.1"]]
    with pytest.raises(RefusedUrlError, match=NO_ADDRESS):
        fetch(origin, url, names=Names(["127.0.0.1"]))
    assert origin.seen[origins.CLOSED] == before
    assert fetch(origin, url, names=Names(["127.0.0.2"])).body == origins.PAGE


def test_a_listed_name_reaches_public_addresses_alone(origin):
    url = f"http://wiki.example:{origin.port}/page"
    for address in ("127.0.0.1", "127.0.0.2", "10.0.0.1", "169.254.169.254"):
        with pytest.raises(RefusedUrlError, match=NO_ADDRESS):
            fetch(origin, url, hosts="*.example", names=Names([address]))
    both = "*.example,127.0.0.2/32"
    assert fetch(origin, url, hosts=both, names=Names(["127.0.0.2"])).body == origins.PAGE
    with pytest.raises(RefusedUrlError, match="not among those"):
        fetch(origin, url, hosts="*.other.example", names=Names(["127.0.0.2"]))


def test_metadata_is_refused_whatever_is_listed():
    everything = Policy.of("0.0.0.0/0,::/0", "80", plain=True)
    for address in ("169.254.169.254", "fd00:ec2::254", "::ffff:169.254.170.23", "fe80::1%eth0"):
        assert not everything.permits(address, named=True)
    assert everything.permits("10.0.0.1", named=False)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        *(("8.8.8.8", True), ("2606:4700::1111", True), ("64:ff9b::808:808", True)),
        *(("10.1.2.3", False), ("172.16.0.1", False), ("192.168.0.1", False)),
        *(("100.64.0.1", False), ("198.18.0.1", False), ("192.0.2.1", False)),
        *(("224.0.0.1", False), ("240.0.0.1", False), ("255.255.255.255", False)),
        *(("0.0.0.1", False), ("::", False), ("fc00::1", False), ("fec0::1", False)),
        *(("ff02::1", False), ("2001:db8::1", False), ("2002:a00:1::", False)),
        *(("::a00:1", False), ("64:ff9b::a00:1", False), ("64:ff9b:1::1", False)),
        *(("168.63.129.16", False), ("100.100.100.200", False), ("192.0.0.192", False)),
    ],
)
def test_what_is_public(address, public):
    assert Policy().permits(address, named=True) == public
    assert not Policy().permits(address, named=False)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("ftp://example.com/a.txt", "only https and http"),
        ("file:///etc/passwd", "not a URL like"),
        ("gopher://example.com/", "only https and http"),
        ("https://user:secret@example.com/", "no user and no password"),
        ("https://user@example.com/", "no user and no password"),
        ("https://example.com:22/", "only the ports 80, 443"),
        ("https://example.com:x/", "not a URL like"),
        ("https://example.com\\@127.0.0.1/", "not a URL like"),
        ("https://exa mple.com/", "no spaces"),
        ("https://example.com/\u0000", "no spaces"),
        ("https:///a", "not a URL like"),
        ("https://" + "a" * 3000, "up to 2048 characters"),
    ],
)
def test_a_url_that_is_none_is_refused(url, words):
    with pytest.raises(RefusedUrlError, match=words):
        Policy(plain=True).checked(url)
    if url.startswith("http"):
        with pytest.raises(RefusedUrlError):
            Policy(plain=True).checked(url.replace("https", "http"))


def test_only_https_unless_it_is_allowed(origin):
    with pytest.raises(RefusedUrlError, match="only https may"):
        fetch(origin, origin.url("/page"), plain=False)


def test_a_bomb_takes_no_more_memory_than_a_file_may(origin):
    tracemalloc.start()
    with pytest.raises(TooLargeError):
        fetch(origin, origin.url("/bomb"))
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 12 * MOST


def test_an_endless_body_ends_at_the_limit(origin):
    with pytest.raises(TooLargeError, match="1048576 bytes"):
        fetch(origin, origin.url("/endless"))


def test_a_slow_body_ends_in_time(origin):
    with pytest.raises(OriginError, match=r"more than 0\.5 s"):
        fetch(origin, origin.url("/slow"), seconds=0.5)


@pytest.mark.parametrize(
    ("path", "error", "words"),
    [
        ("/circle", OriginRefusedError, "more than 5 redirects"),
        ("/status?404", OriginRefusedError, "404"),
        ("/status?403", OriginRefusedError, "403"),
        ("/status?206", OriginRefusedError, "206"),
        ("/status?503", OriginError, "503"),
        ("/status?429", OriginError, "429"),
        ("/brotli", OriginRefusedError, "packs the file"),
        ("/to?", OriginRefusedError, "redirects to no URL"),
        ("/to?http://[", OriginRefusedError, "redirects to no URL"),
        ("/to?file:///etc/passwd", RefusedUrlError, "not a URL like"),
    ],
)
def test_what_does_not_answer_as_it_should_is_told(origin, path, error, words):
    with pytest.raises(error, match=words):
        fetch(origin, origin.url(path))


def test_a_server_that_is_not_there_may_be_later(origin):
    with pytest.raises(OriginError, match="cannot be reached"):
        fetch(origin, "http://127.0.0.2:80/page")


def test_the_environments_proxy_is_not_asked(origin, monkeypatch):
    monkeypatch.setenv("http_proxy", origin.url("", origins.CLOSED))
    before = list(origin.seen[origins.CLOSED])
    assert fetch(origin, origin.url("/page")).body == origins.PAGE
    assert origin.seen[origins.CLOSED] == before
