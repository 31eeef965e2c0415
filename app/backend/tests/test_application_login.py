"""The application's own login: what it may, what it may not, and how its password changes."""

from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import psycopg
import pytest
import servers

PASSWORD, LATER = "f1rst p@ss/word", "an0ther p@ss/word"


@pytest.fixture
def database(world):
    """A migrated database with the application's login; the login goes with it."""
    name = "own_login"
    servers.create_database(world.ports["postgres"], name)
    yield Database(world, name)
    with psycopg.connect(owner_url(world, "postgres"), autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        connection.execute('DROP ROLE IF EXISTS "rag-app"')


def owner_url(world, name):
    return servers.postgres_url(world.ports["postgres"], name)


class Database:
    def __init__(self, world, name):
        self.world, self.name = world, name
        self.owner = owner_url(world, name)

    def url(self, password=PASSWORD):
        port = self.world.ports["postgres"]
        return f"postgresql://rag-app:{quote(password, safe='')}@127.0.0.1:{port}/{self.name}"

    def migrate(self, password=PASSWORD):
        """As the init container does: as the owner, with the application's URL beside."""
        return self.world.migrate(
            DATABASE_URL=self.owner, APPLICATION_DATABASE_URL=self.url(password)
        )


def test_it_reads_and_writes_rows_and_nothing_else(database):
    done = database.migrate()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "login.made" in done.stdout
    with psycopg.connect(database.url(), autocommit=True) as connection:
        connection.execute("UPDATE corpus SET version = version + 1")
        assert connection.execute("SELECT count(*) FROM chunks").fetchone() == (0,)
        assert connection.execute("SELECT version_num FROM schema_revision").fetchone()
        for forbidden in (
            "CREATE TABLE mine (id int)",
            "CREATE TEMPORARY TABLE mine (id int)",
            "CREATE SCHEMA mine",
            "CREATE ROLE mine",
            "CREATE DATABASE mine",
            "DROP TABLE chunks",
            "ALTER TABLE chunks ADD mine int",
            "TRUNCATE chunks",
            "DELETE FROM schema_revision",
            "SET ROLE ragops",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(forbidden)
        rights = connection.execute(
            "SELECT rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls"
            " FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
        assert rights == (False,) * 5


def test_tables_of_later_migrations_are_covered(database):
    assert database.migrate().returncode == 0
    with psycopg.connect(database.owner, autocommit=True) as connection:
        connection.execute("CREATE TABLE later (id serial PRIMARY KEY)")
    with psycopg.connect(database.url(), autocommit=True) as connection:
        connection.execute("INSERT INTO later DEFAULT VALUES")


def test_a_server_needs_no_more(start, database):
    assert database.migrate().returncode == 0
    client = start(DATABASE_URL=database.url())
    assert client.get("/readyz").status_code == 200
    made = client.upload("pump.md", "# Pump\n\nThe operating pressure of the pump is 4 bar.\n")
    assert made.status_code in (200, 201), made.text
    assert "4 bar" in client.ask("What is the operating pressure of the pump?")["answer"]
    assert client.delete(f"/v1/documents/{made.json()['id']}").status_code == 204


def test_replicas_make_it_at_once_and_a_second_run_changes_nothing(database):
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: database.migrate(), range(4)))
    assert [item.returncode for item in done] == [0] * 4, done
    assert sum("login.made" in item.stdout for item in done) == 1
    again = database.migrate()
    assert "login." not in again.stdout
    assert '"changed": false' in again.stdout


def test_a_new_password_is_taken_and_open_connections_go_on(database):
    assert database.migrate().returncode == 0
    with psycopg.connect(database.url(), autocommit=True) as before:
        done = database.migrate(LATER)
        assert done.returncode == 0
        assert "login.password_changed" in done.stdout
        assert before.execute("SELECT 1").fetchone() == (1,)
    with psycopg.connect(database.url(LATER)) as after:
        assert after.execute("SELECT 1").fetchone() == (1,)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(database.url())


def test_a_pod_starts_although_the_owners_password_was_changed(database):
    """AWS may change the master's, and nobody tells the Secret; the application's is its own."""
    assert database.migrate().returncode == 0
    wrong = database.owner.replace("p%40ss", "changed")
    done = database.world.migrate(DATABASE_URL=wrong, APPLICATION_DATABASE_URL=database.url())
    assert done.returncode == 0, done.stdout
    assert "migrate.owner_refused" in done.stdout
    stranger = database.world.migrate(
        DATABASE_URL=wrong,
        APPLICATION_DATABASE_URL=database.url("wrong, too"),
        MIGRATE_TIMEOUT_SECONDS="1",
    )
    assert stranger.returncode == 1
    assert "InvalidPasswordError" in stranger.stdout


def test_no_password_is_in_a_log(world, database):
    with psycopg.connect(database.owner, autocommit=True) as connection:
        connection.execute("ALTER ROLE ragops SET log_statement = 'ddl'")
    try:
        output = "".join(str(database.migrate(each)) for each in (PASSWORD, LATER))
    finally:
        with psycopg.connect(database.owner, autocommit=True) as connection:
            connection.execute("ALTER ROLE ragops RESET log_statement")
    log = (world.folder / "postgres.log").read_text()
    assert 'CREATE ROLE "rag-app"' in log
    assert 'ALTER ROLE "rag-app" LOGIN PASSWORD' in log
    for secret in (PASSWORD, LATER):
        for form in (secret, quote(secret, safe="")):
            assert form not in log
            assert form not in output


def test_the_owner_as_the_application_stays_possible(database):
    done = database.world.migrate(
        DATABASE_URL=database.owner, APPLICATION_DATABASE_URL=database.owner
    )
    assert done.returncode == 0
    assert "login.shared" in done.stdout
