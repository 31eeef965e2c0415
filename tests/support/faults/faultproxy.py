"""A proxy before an emulated AWS that fails, throttles, refuses and kills: its own process.

`python -m support.faults.faultproxy PORT UPSTREAM`. POST /_faults takes a plan as JSON and
forgets what was noted before, GET /_faults returns what was noted since:

    seed      of the random numbers
    rates     {throttle, fail, reset, lose}: share of the calls that are throttled, answered
              with a 500, whose connection breaks before, or after, AWS took them
    within    calls that a run makes at the least: the first fault comes among them
    kill      {leader, nth, after}: SIGKILL this process and all below it at the nth mutating
              call, before it is forwarded or after (then AWS took it and nobody heard the answer)
    lose      n: the connection breaks at the nth mutating call, after AWS took it
    refusals  names of rules in refusals.py
    delay     seconds that each call takes longer
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import random
import signal
import sys
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from yarl import URL

from support.faults.refusals import Account, Rule, rules_of
from support.faults.wire import Call, Refusal, broken, throttled

HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "content-encoding"}


class Broken(Exception):
    """The connection is to be cut without an answer."""


class Proxy:
    """Forwards each request to `upstream` unless the plan says otherwise."""

    def __init__(self, upstream: str) -> None:
        self._upstream = upstream
        self._session: aiohttp.ClientSession | None = None
        self._account = Account(upstream)
        self._plan({})

    def _plan(self, plan: dict[str, Any]) -> None:
        self._random = random.Random(plan.get("seed", 0))  # noqa: S311 - faults, not secrets
        self._rates: dict[str, float] = plan.get("rates", {})
        self._within: float = plan.get("within", math.inf)
        self._kill: dict[str, Any] = plan.get("kill", {})
        self._delay = float(plan.get("delay", 0))
        self._lose: int = plan.get("lose", 0)
        self._rules: list[Rule] = rules_of(plan.get("refusals", ()), self._account)
        self._calls = 0
        self._due = 0
        self._mutating: list[str] = []
        self._injected: list[str] = []
        self._killed = ""

    async def close(self, _: web.Application) -> None:
        """Close the connections to the upstream."""
        if self._session is not None:
            await self._session.close()

    async def control(self, request: web.Request) -> web.Response:
        """Take a plan, or report."""
        if request.method == "POST":
            self._plan(await request.json())
        report = {
            "calls": self._calls,
            "mutating": self._mutating,
            "injected": self._injected,
            "killed": self._killed,
        }
        return web.json_response(report)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Forward one request, or do to it what the plan says."""
        try:
            return await self._serve(request)
        except Broken:
            if request.transport is not None:
                request.transport.abort()
            return web.Response()

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        headers = {key.lower(): value for key, value in request.headers.items()}
        call = Call(
            request.method,
            request.path,
            request.rel_url.raw_query_string,
            headers,
            await request.read(),
        )
        if call.path.startswith("/_ministack/"):
            return await self._forward(request, call)
        self._calls += 1
        await asyncio.sleep(self._delay)
        fault = self._fault()
        if fault:
            self._injected.append(f"{fault} {call}")
        if fault == "reset":
            raise Broken
        if fault in ("throttle", "fail"):
            return _answer(call, (throttled if fault == "throttle" else broken)(call))
        if refusal := await self._refuse(call):
            self._injected.append(f"{refusal.code} {call}")
            return _answer(call, refusal)
        response = await self._mutate(request, call)
        if fault == "lose":
            raise Broken
        return response

    def _fault(self) -> str:
        """The fault of this call, if any: one in each block of calls, at a random place in it.

        So a short run has its share, too.
        """
        share = sum(self._rates.values())
        if not share:
            return ""
        block = min(round(1 / share), self._within)
        if (self._calls - 1) % block == 0:
            self._due = self._calls + self._random.randrange(block)
        if self._calls != self._due:
            return ""
        kinds = list(self._rates)
        return self._random.choices(kinds, [self._rates[kind] for kind in kinds])[0]

    async def _refuse(self, call: Call) -> Refusal | None:
        for rule in self._rules:
            if refusal := await asyncio.to_thread(rule.refuse, call):
                return refusal
        return None

    async def _mutate(self, request: web.Request, call: Call) -> web.StreamResponse:
        """Forward; and kill the caller when this is the mutating call that it shall not survive."""
        if not call.mutating:
            return await self._forward(request, call)
        self._mutating.append(str(call))
        due = len(self._mutating) == self._kill.get("nth") and not self._killed
        if due and not self._kill["after"]:
            self._end(call)
        nth = len(self._mutating)  # others may come while this one is on its way
        response = await self._forward(request, call)
        if due:
            self._end(call)
        if nth == self._lose:
            self._injected.append(f"lose {call}")
            raise Broken
        return response

    def _end(self, call: Call) -> None:
        self._killed = str(call)
        kill_tree(self._kill["leader"])
        raise Broken

    async def _forward(self, request: web.Request, call: Call) -> web.StreamResponse:
        if self._session is None:
            # A kept connection may be closed just when it is used again: a fault nobody asked for.
            self._session = aiohttp.ClientSession(
                auto_decompress=False,
                connector=aiohttp.TCPConnector(force_close=True),
                timeout=aiohttp.ClientTimeout(total=60),
            )
        url = URL(self._upstream + request.raw_path, encoded=True)
        headers = {key: value for key, value in request.headers.items() if key.lower() not in HOP}
        async with self._session.request(
            call.method, url, headers=headers, data=call.body or None, allow_redirects=False
        ) as response:
            body = await response.read()
            kept = [(k, v) for k, v in response.headers.items() if k.lower() not in HOP]
            for rule in self._rules:
                body = await asyncio.to_thread(rule.edit, call, response.status, body)
            answer = web.Response(status=response.status, body=body)
            answer.headers.clear()
            for key, value in kept:
                answer.headers.add(key, value)
            return answer


def _answer(call: Call, refusal: Refusal) -> web.Response:
    status, headers, body = refusal.answer(call)
    return web.Response(status=status, headers=headers, body=body)


def kill_tree(leader: int) -> None:
    """Kill a process and all below it, whatever groups they lead (Ansible's workers lead some).

    Stopped first, nobody can fork or reap while the tree is read.
    """
    tree = [leader]
    for parent in tree:
        with contextlib.suppress(ProcessLookupError):  # it has ended meanwhile
            os.kill(parent, signal.SIGSTOP)
        tree += [child for child in children(parent) if child not in tree]
    for process in tree:
        with contextlib.suppress(ProcessLookupError):  # it has ended meanwhile
            os.kill(process, signal.SIGKILL)


def children(parent: int) -> list[int]:
    """The processes whose parent this is."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            # The name, in brackets, may hold anything.
            fields = path.read_text().rpartition(")")[2].split()
            if int(fields[1]) == parent:
                found.append(int(path.parent.name))
    return found


def main() -> None:
    """Serve on loopback until terminated."""
    port, upstream = int(sys.argv[1]), sys.argv[2]
    proxy = Proxy(upstream)
    application = web.Application(client_max_size=2**30)
    application.on_cleanup.append(proxy.close)
    application.router.add_route("*", "/_faults", proxy.control)
    application.router.add_route("*", "/{tail:.*}", proxy.handle)
    web.run_app(application, host="127.0.0.1", port=port, print=None, access_log=None)


if __name__ == "__main__":
    main()
