"""Unexpected errors: what the log and the service that collects them are told of one."""

import asyncio
import json
import os
import subprocess
import sys
import time
from pathlib import Path

from conftest import SOURCE

from rag import crashes
from rag.errors import DependencyError

TEXT = "the quokka of Port Ellery"


def caught(work):
    try:
        work()
    except Exception as error:
        return error
    raise AssertionError("nothing was raised")


def quoting():
    try:
        int(TEXT)
    except ValueError as error:
        raise KeyError(TEXT) from error


def test_a_message_that_may_quote_a_text_is_not_told():
    told = crashes.told(caught(quoting))
    assert "quokka" not in told
    assert f"ValueError: {crashes.STRUCK}\n\nwhich led to\n\n" in told
    assert told.endswith(f"KeyError: {crashes.STRUCK}")
    assert 'test_crashes.py", line' in told
    assert "in quoting" in told


def test_a_message_about_the_program_is_told():
    assert crashes.told(caught(lambda: None.x)).endswith(
        "AttributeError: 'NoneType' object has no attribute 'x'"
    )
    assert crashes.message_of(DependencyError("s3", "cannot read")) == "s3: cannot read"
    assert crashes.message_of(caught(Path("/none").read_text)) == "No such file or directory"
    # A kind derived from one that speaks may say anything.
    assert crashes.message_of(type("Mine", (RuntimeError,), {})(TEXT)) == crashes.STRUCK


def test_each_error_of_a_group_is_told():
    told = crashes.told(ExceptionGroup(TEXT, [ValueError(TEXT), TypeError("a type")]))
    assert "quokka" not in told
    assert "ValueError" in told
    assert "TypeError: a type" in told


def test_errors_that_lead_to_each_other_end():
    first, second = ValueError("a"), ValueError("b")
    first.__context__, second.__context__ = second, first
    assert crashes.told(first).count("ValueError") < 20
    assert len(crashes.chain(first)) == 2


LOGGING = """
import logging, structlog
from rag import logs
from test_crashes import caught, quoting

logs.configure("info")
structlog.get_logger("rag.x").error("request.crashed", exc_info=caught(quoting))
try:
    quoting()
except KeyError:
    logging.getLogger("uvicorn.error").exception("Exception in ASGI application")
"""


def test_neither_our_log_nor_a_librarys_has_the_message():
    path = os.pathsep.join(map(str, (SOURCE, Path(__file__).parent)))
    done = subprocess.run(
        [sys.executable, "-c", LOGGING],
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["event"] for line in told] == ["request.crashed", "Exception in ASGI application"]
    for line in told:
        assert "quokka" not in json.dumps(line)
        assert "in quoting" in line["exception"]
        assert "exc_info" not in line


def test_an_error_that_is_raised_in_a_task_is_told():
    async def run():
        await asyncio.gather(asyncio.create_task(asyncio.to_thread(quoting)))

    assert "in quoting" in crashes.told(caught(lambda: asyncio.run(run())))


def test_telling_takes_no_time():
    error = caught(lambda: json.loads("[" * 100_000))
    begun = time.process_time()
    crashes.told(error)
    assert time.process_time() - begun < 1
