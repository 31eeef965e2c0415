"""The database proves who it is: by its name, and by the authority that was given alone."""

import certificates
import servers


def migrate(world, host, mode, ca):
    """One connection: what came of it."""
    url = servers.postgres_url(world.ports["postgres"], options=f"?sslmode={mode}")
    return world.migrate(
        DATABASE_URL=url.replace("127.0.0.1", host), DATABASE_CA=ca, MIGRATE_TIMEOUT_SECONDS="1"
    )


def authority(world):
    return (world.folder / "postgres-tls/ca.crt").read_text()


def test_name_and_authority_are_right(world):
    done = migrate(world, "localhost", "verify-full", authority(world))
    assert done.returncode == 0, done.stdout + done.stderr


def test_another_authority_is_refused(world, tmp_path):
    other = certificates.server(tmp_path / "other", "localhost").ca.read_text()
    done = migrate(world, "localhost", "verify-full", other)
    assert done.returncode == 1
    assert "CERTIFICATE_VERIFY_FAILED" in done.stdout


def test_the_systems_authorities_do_not_know_it(world):
    done = migrate(world, "localhost", "verify-full", None)
    assert done.returncode == 1
    assert "CERTIFICATE_VERIFY_FAILED" in done.stdout


def test_another_name_is_refused(world):
    done = migrate(world, "127.0.0.1", "verify-full", authority(world))
    assert done.returncode == 1
    assert "not valid for '127.0.0.1'" in done.stdout or "IP address mismatch" in done.stdout


def test_a_text_that_is_no_certificate_is_named(world):
    done = migrate(world, "localhost", "verify-full", "hello")
    assert done.returncode == 78
    assert "DATABASE_CA" in done.stderr
