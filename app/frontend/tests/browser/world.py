"""The real backend with all its servers, for tests in a browser.

Prints one line of JSON when everything runs, and ends when its standard input does:
`backend` answers from sentences, `model` by a model that writes slowly; at `signed` people sign in,
whose pages are at `signedPort`, and `issuer` knows them; `files` has documents.
"""

import contextlib
import json
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

TESTS = Path(__file__).parents[3] / "backend/tests"
# These are the backend's own test helpers, which are no package: found before they are imported.
sys.path.insert(0, str(TESTS))

import model_server  # noqa: E402
import servers  # noqa: E402
from conftest import World, running  # noqa: E402
from pdf import pdf  # noqa: E402

HARBOUR = """# Harbour of Vestmark

## Piers

The harbour of Vestmark has seven piers.
Pier four is reserved for ferries to the island of Lund.
The crane on pier two lifts 64 tonnes.

## People

The harbour master of Vestmark is Ingrid Solberg.
Her office is open from 7:30 to 16:00 on working days.
Outside of these hours the duty officer answers on channel 12.

## Fees

A yacht of up to ten metres pays 180 kroner a night.
Fishing boats of the town pay nothing.
"""
LIGHTHOUSE = [
    [
        "The lighthouses of the northern coast",
        "",
        "A guide for visitors, second edition.",
        "",
        "This guide describes three lighthouses that can be visited.",
    ],
    [
        "Carrick Head",
        "",
        "The lighthouse of Carrick Head is 41 metres high.",
        "It was built in 1887 of granite from the quarry at Dunmore.",
        "Its lamp is seen from 22 nautical miles away.",
        "",
        "Visitors climb 196 steps to the gallery.",
    ],
    [
        "Skerry Rock",
        "",
        "The lighthouse of Skerry Rock stands on an island.",
        "Boats go there from May to September.",
    ],
]
MUSEUM = """Das Stadtmuseum hat dienstags bis sonntags von 10 bis 18 Uhr offen.
Der Eintritt kostet acht Euro. Kinder unter zwölf Jahren zahlen nichts.
Die Sammlung zeigt Schiffsmodelle und Karten aus vier Jahrhunderten.
"""
MODEL_ANSWER = (
    "The harbour master is **Ingrid Solberg** [1].\n\nHer office is open:\n\n"
    "- on working days\n- from 7:30 to 16:00 [1]\n\nOutside of these hours the duty officer"
    " answers on channel 12 [1]."
)


PEOPLE = [
    {"sub": "reader", "name": "Rea Dear", "groups": ["readers"]},
    {"sub": "writer", "name": "Wri Ter", "groups": ["writers"]},
    {"sub": "admin", "name": "Ad Min", "groups": ["admins"]},
    {"sub": "stranger", "name": "Stran Ger", "groups": []},
]


def provider(stack: contextlib.ExitStack, folder: Path) -> str:
    """An OpenID provider at which these people sign in; its URL."""
    port = servers.free_port()
    command = [sys.executable, "-m", "oidc_provider_mock", "-p", str(port)]
    for person in PEOPLE:
        command += ["--user-claims", json.dumps(person)]
    stack.enter_context(servers.process(command, folder / "oidc.log"))
    servers.wait("the OpenID provider", lambda: servers.accepts(port))
    return f"http://127.0.0.1:{port}"


def sign_in(issuer: str, port: int) -> dict[str, str]:
    """What a backend is told at whose pages people sign in."""
    return {
        "AUTH": "oidc",
        "API_KEY": "of-the-platform-" + "p" * 32,
        "FRONTEND_URL": f"http://127.0.0.1:{port}",
        "OIDC_ISSUER": issuer,
        "OIDC_CLIENT_ID": "rag",
        "OIDC_CLIENT_SECRET": "a secret",
        "OIDC_ROLES": '{"readers": "reader", "writers": "writer", "admins": "admin"}',
    }


def main() -> None:
    """Start, tell, and wait."""
    kinds = {
        "postgres": servers.postgres,
        "redis": servers.redis,
        "s3": servers.s3,
        "milvus": servers.milvus,
    }
    with (
        tempfile.TemporaryDirectory(prefix="rag-browser-") as name,
        contextlib.ExitStack() as stack,
    ):
        folder = Path(name)
        # PostgreSQL runs as a user of its own.
        folder.chmod(0o755)
        contexts = {kind: start(folder) for kind, start in kinds.items()}
        with ThreadPoolExecutor() as pool:
            starts = {kind: pool.submit(each.__enter__) for kind, each in contexts.items()}
        for kind, each in contexts.items():
            if starts[kind].exception() is None:
                stack.push(each.__exit__)
        world = World(folder, {kind: start.result() for kind, start in starts.items()})
        world.relays = {kind: servers.Relay(port) for kind, port in world.ports.items()}
        migration = [sys.executable, "-m", "rag.migrate"]
        # Without the tests' own deadline: a crowded machine is slow. Its output is no part of ours.
        subprocess.run(migration, env=world.env(), check=True, stdout=sys.stderr)
        model = stack.enter_context(model_server.running())
        # Slow enough to be stopped on a crowded machine.
        model.text, model.pause = MODEL_ANSWER, 0.5
        backend = stack.enter_context(running(world))
        modelled = stack.enter_context(running(world, WORKER="separate", **model.variables()))
        issuer, port = provider(stack, folder), servers.free_port()
        signed = stack.enter_context(running(world, **sign_in(issuer, port)))
        told = {
            "backend": str(backend.base_url),
            "model": str(modelled.base_url),
            "signed": str(signed.base_url),
            "signedPort": str(port),
            "issuer": issuer,
            "files": str(write_files(folder / "files")),
        }
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()
        sys.stdin.read()


def write_files(folder: Path) -> Path:
    """The documents that tests upload."""
    folder.mkdir()
    (folder / "harbour.md").write_text(HARBOUR)
    (folder / "lighthouses.pdf").write_bytes(pdf(LIGHTHOUSE))
    (folder / "museum.txt").write_text(MUSEUM)
    # A page without text, as a scan has it.
    (folder / "scan.pdf").write_bytes(pdf([[""]]))
    return folder


if __name__ == "__main__":
    main()
