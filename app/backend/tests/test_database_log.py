"""What PostgreSQL logs of a slow statement with the parameters that role rds gives it."""

from pathlib import Path

import psycopg
import servers
import yaml

DEFAULTS = Path(__file__).parents[3] / "roles/rds/defaults/main.yml"


def test_no_question_and_no_document_is_in_the_log(world, start):
    parameters = yaml.safe_load(DEFAULTS.read_text())["rds_parameters"]
    own = {name: value for name, value in parameters.items() if not name.startswith("rds.")}
    # Every statement is a slow one.
    own["log_min_duration_statement"] = "0"
    with psycopg.connect(
        servers.postgres_url(world.ports["postgres"]), autocommit=True
    ) as database:
        for name, value in own.items():
            database.execute(f"ALTER SYSTEM SET {name} = '{value}'")
        database.execute("SELECT pg_reload_conf()")
        try:
            client = start()
            client.upload("secret.md", "# Payroll\n\nThe salary of Quillfeather is 7 pebbles.\n")
            client.ask("What is the salary of Quillfeather?")
        finally:
            for name in own:
                database.execute(f"ALTER SYSTEM RESET {name}")
            database.execute("SELECT pg_reload_conf()")
    log = (world.folder / "postgres.log").read_text()
    # The statements are there, by their text.
    assert "INSERT INTO chunks" in log
    assert "duration:" in log
    assert "Quillfeather" not in log
