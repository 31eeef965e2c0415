"""Start and stop the emulated AWS of one scenario: `emulator.py start|stop FOLDER`.

FOLDER/aws.json then holds what the scenario's playbooks need: url, pid, log (of requests),
and the environment that points AWS clients there. `tests` must be on PYTHONPATH.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from support.checkout import ROOT
from support.emulator import SERVER, Aws, find_emulator, not_ready
from support.ports import free_port


def start(folder: Path) -> None:
    """Start an empty account, unless one runs; return when it answers."""
    stop(folder)
    port = free_port()
    aws = Aws(f"http://localhost:{port}")
    log = folder / "aws_requests.jsonl"
    log.write_text("")
    settings = {
        "GATEWAY_PORT": str(port),
        "MINISTACK_HOST": "localhost",
        "EKS_BASE_PORT": str(free_port()),
        "PYTHONPATH": str(ROOT / "rehearsal/src"),
    }
    python = find_emulator().with_name("python")
    with (folder / "aws.log").open("wb") as output:
        process = subprocess.Popen(
            [str(python), str(SERVER), str(log)],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={**os.environ, **settings},
        )
    deadline = time.monotonic() + 60
    while (lacking := not_ready(aws)) is not None:
        if process.poll() is not None or time.monotonic() > deadline:
            sys.exit(
                f"The emulated AWS did not start: {lacking}\n{(folder / 'aws.log').read_text()}"
            )
        time.sleep(0.1)
    facts = {"url": aws.url, "pid": process.pid, "log": str(log), "environment": aws.environment}
    (folder / "aws.json").write_text(json.dumps(facts))
    (folder / "aws_config").write_text(profile(aws))


def profile(aws: Aws) -> str:
    """AWS's own file of settings, for lookups: they don't see a play's environment."""
    environment = aws.environment
    return (
        "[default]\n"
        f"endpoint_url = {aws.url}\n"
        f"region = {environment['AWS_REGION']}\n"
        f"aws_access_key_id = {environment['AWS_ACCESS_KEY_ID']}\n"
        f"aws_secret_access_key = {environment['AWS_SECRET_ACCESS_KEY']}\n"
    )


def stop(folder: Path) -> None:
    """End the emulated AWS that `start` noted in the folder; nothing happens without one."""
    note = folder / "aws.json"
    if not note.exists():
        return
    pid = json.loads(note.read_text())["pid"]
    note.unlink()
    # A process of another program may have the number by now.
    command = Path(f"/proc/{pid}/cmdline")
    if command.exists() and SERVER.name.encode() in command.read_bytes():
        os.kill(pid, signal.SIGTERM)


if __name__ == "__main__":
    {"start": start, "stop": stop}[sys.argv[1]](Path(sys.argv[2]))
