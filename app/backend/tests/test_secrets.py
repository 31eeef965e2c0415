"""Secrets as files, in the layout of a Kubernetes volume, and what happens when they change."""

import os
import time
from urllib.parse import quote

import psycopg
import pytest
import redis
import servers

from rag import logs


class Volume:
    """A folder of secrets as kubelet keeps it: links through ..data, exchanged all at once."""

    def __init__(self, folder):
        self.folder = folder
        self._turn = 0

    def write(self, **files):
        """Let the volume have these files and no others."""
        self._turn += 1
        (new := self.folder / f"..{self._turn}").mkdir()
        for name, text in files.items():
            (new / name).write_text(text)
            if not (link := self.folder / name).is_symlink():
                link.symlink_to(f"..data/{name}")
        (link := self.folder / "..data_tmp").symlink_to(new.name)
        link.rename(self.folder / "..data")


@pytest.fixture
def volume(tmp_path):
    return Volume(tmp_path)


@pytest.fixture
def rotate(world):
    """Gives the database's and the cache's user another password, and ends their connections."""
    with (
        psycopg.connect(servers.postgres_url(world.ports["postgres"]), autocommit=True) as database,
        redis.Redis(port=world.ports["redis"]) as cache,
    ):
        database.execute("CREATE ROLE rotated LOGIN IN ROLE ragops")

        def turn(password):
            database.execute(f"ALTER ROLE rotated PASSWORD '{password}'")
            database.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'rotated'"
            )
            cache.acl_setuser(
                "rotated", enabled=True, reset=True, passwords=f"+{password}",
                keys=["*"], categories=["+@all"],
            )  # fmt: skip
            for client in cache.client_list():
                if client["user"] == "rotated":
                    cache.client_kill_filter(_id=client["id"])
            return urls(password)

        def urls(password):
            place = {name: f"127.0.0.1:{relay.port}" for name, relay in world.relays.items()}
            login = f"rotated:{quote(password, safe='')}"
            return {
                "DATABASE_URL": f"postgresql://{login}@{place['postgres']}/rag\n",
                "REDIS_URL": f"redis://{login}@{place['redis']}/0",
            }

        yield turn
        database.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'rotated'"
        )
        database.execute("DROP ROLE rotated")
        cache.acl_deluser("rotated")


def failing(client):
    """The dependencies that readiness finds down, with what it says."""
    checks = client.get("/readyz").json()["checks"]
    # A worker that has just begun was not seen yet: that is a warning.
    return {name: one["output"] for name, one in checks.items() if one["status"] == "fail"}


def test_a_rotated_password_needs_no_restart(start, volume, rotate):
    old, new = "old p@ss/word+1", "new p@ss/word+2"
    volume.write(**rotate(old))
    client = start(SECRETS_DIR=str(volume.folder), DATABASE_URL=None, REDIS_URL=None)
    assert failing(client) == {}
    urls = rotate(new)
    time.sleep(0.2)
    assert "password authentication failed" in failing(client)["postgres"]
    assert set(failing(client)) == {"postgres", "redis"}
    volume.write(**urls)
    servers.wait("the new password", lambda: failing(client) == {}, 10)
    assert client.child.poll() is None
    assert client.get(f"/v1/documents/{'0' * 32}").status_code == 404
    log = client.log.read_text()
    for secret in (old, new, quote(old, safe=""), quote(new, safe="")):
        assert secret not in log


def test_a_broken_file_leaves_the_last_good_one(start, volume, rotate):
    urls = rotate("first")
    volume.write(**urls)
    client = start(SECRETS_DIR=str(volume.folder), DATABASE_URL=None, REDIS_URL=None)
    assert failing(client) == {}
    volume.write(DATABASE_URL="mysql://s3cret", REDIS_URL="")
    rotate("first")
    time.sleep(0.2)
    servers.wait("new connections", lambda: failing(client) == {}, 10)
    log = client.log.read_text()
    assert "DATABASE_URL: must be a URL like postgresql" in log
    assert "s3cret" not in log


def test_a_variable_comes_before_a_file(world, volume):
    volume.write(DATABASE_URL=servers.postgres_url(servers.free_port()))
    assert world.migrate(SECRETS_DIR=str(volume.folder)).returncode == 0
    done = world.migrate(
        SECRETS_DIR=str(volume.folder), DATABASE_URL=None, MIGRATE_TIMEOUT_SECONDS="1"
    )
    assert done.returncode == 1
    assert "cannot connect" in done.stdout


def test_a_missing_folder_is_a_missing_variable(world):
    done = world.migrate(SECRETS_DIR=os.devnull, DATABASE_URL=None)
    assert done.returncode == 78
    assert done.stderr == "configuration error: DATABASE_URL: is missing\n"


def test_what_was_secret_stays_hidden():
    logs.hide(["s3cret"])
    logs.hide(["s3cret-and-more", "s3cret"])
    assert logs.redact("s3cret-and-more and s3cret") == "*** and ***"
