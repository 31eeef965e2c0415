# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""One document, one question, one refusal, and nothing left behind."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from .backend import Backend
from .checks import Check, Dict, answer_problem, dependencies_of, refusal_problem
from .web import Client, Reply, WebError

STEPS = ("upload", "index", "ask", "refuse", "delete", "gone")


def synthetic(backend: Backend) -> list[Check]:
    """Ask about a document of its own, which is deleted again."""
    found, backend.e2e = Synthetic(backend.client, backend.params).run()
    return found


class StepError(Exception):
    """A step didn't do what it should: the text names the cause."""


class Synthetic:
    """Runs the steps; each one becomes a check named `synthetic.<step>`.

    Args:
        client: connected to the backend.
        params: the module's parameters.
    """

    def __init__(self, client: Client, params: Mapping[str, Any]) -> None:
        self.client = client
        self.params = params
        # Letters and digits without meaning, so that no other document shares them.
        self.token = f"hx{uuid.uuid4().hex[:12]}"
        self.document_id = ""
        self.sent = False
        self.cleaned_up = False
        self.checks: list[Check] = []

    def run(self) -> tuple[list[Check], Dict]:
        """Run all steps and return their checks and the summary `e2e`."""
        steps: dict[str, Callable[[], None]] = {
            "upload": self._upload,
            "index": self._await_index,
            "ask": self._ask,
            "refuse": self._refuse,
        }
        try:
            for step, work in steps.items():
                if not self._step(step, work):
                    break
        finally:
            self._clean_up()
        self._list_skipped()
        return self.checks, self._summary()

    def _step(self, step: str, work: Callable[[], None]) -> bool:
        started = time.monotonic()
        hint = ""
        try:
            work()
        except (StepError, WebError) as error:
            hint = f"{error}{self._failing_dependencies()}"
        duration = round((time.monotonic() - started) * 1000, 1)
        status = "fail" if hint else "pass"
        self.checks.append(Check(f"synthetic.{step}", status, hint, duration_ms=duration))
        return not hint

    def _failing_dependencies(self) -> str:
        """Name the dependencies that aren't ready now, since a step that fails rarely does."""
        try:
            reply = self.client.get("/readyz")
        except WebError:
            return ""
        found = dependencies_of(reply.json())
        bad = [f"{name}: {one['output']}" for name, one in found.items() if one["status"] == "fail"]
        return f" (not ready: {'; '.join(bad)})" if bad else ""

    def _upload(self) -> None:
        text = self._filled("synthetic_document")
        name = f"ragops-health-{self.token}.txt"
        self.sent = True
        reply = self.client.post_file("/v1/documents", name, text.encode())
        if reply.status not in (200, 201, 202):
            raise StepError(f"upload was refused, {reply.problem()}")
        self.document_id = str(reply.json().get("id") or "")
        if not self.document_id:
            raise StepError("the answer to the upload carries no id")

    def _await_index(self) -> None:
        while True:
            reply = self._expect(200, self.client.get(f"/v1/documents/{self.document_id}"))
            status = reply.json().get("status")
            if status == "ready":
                return
            if status == "failed":
                raise StepError(f"the document failed: {reply.json().get('error')}")
            if self.client.clock.left() < 1:
                raise StepError(f"the document is still {status} as the timeout ends")
            time.sleep(0.5)

    def _filled(self, option: str) -> str:
        return str(self.params[option]).replace("{token}", self.token)

    def _question(self, question: str) -> Dict:
        return self._expect(200, self.client.post_json("/v1/ask", {"question": question})).json()

    def _ask(self) -> None:
        question = self._filled("synthetic_question")
        self._hold(answer_problem(self._question(question), self.document_id, self.token))

    def _refuse(self) -> None:
        question = self.params["unanswerable_question"]
        if problem := refusal_problem(self._question(question)):
            raise StepError(f"the unanswerable question {problem}")

    def _clean_up(self) -> None:
        if not self.document_id:
            self.cleaned_up = not self.sent
            return
        if self._step("delete", self._delete):
            self.cleaned_up = True
            self._step("gone", self._gone)

    def _delete(self) -> None:
        path = f"/v1/documents/{self.document_id}"
        try:
            reply = self.client.request("DELETE", path, final=True)
        except WebError as error:
            raise StepError(f"{error}; delete document {self.document_id} by hand") from error
        if reply.status not in (200, 202, 204, 404):
            raise StepError(
                f"{reply.problem()}; document {self.document_id} is left, delete it by hand"
            )

    def _gone(self) -> None:
        path = f"/v1/documents/{self.document_id}"
        if self.client.get(path, final=True).status != 404:
            raise StepError(f"document {self.document_id} is still there after its deletion")
        answer = self._question(self._filled("synthetic_question"))
        cited = [str(c.get("document_id")) for c in answer.get("citations") or []]
        if self.document_id in cited:
            raise StepError(f"document {self.document_id} is still cited after its deletion")

    def _list_skipped(self) -> None:
        ran = {check.id for check in self.checks}
        for step in STEPS:
            if f"synthetic.{step}" not in ran:
                cause = "an earlier step failed"
                self.checks.append(Check(f"synthetic.{step}", "skipped", cause))

    def _summary(self) -> Dict:
        steps = [
            {"step": c.id.split(".")[1], "status": c.status, "duration_ms": c.duration_ms}
            for c in self.checks
        ]
        return {
            "document_id": self.document_id or None,
            "token": self.token,
            "steps": steps,
            "cleaned_up": self.cleaned_up,
        }

    @staticmethod
    def _expect(status: int, reply: Reply) -> Reply:
        if reply.status != status:
            raise StepError(reply.problem())
        return reply

    @staticmethod
    def _hold(problem: str) -> None:
        if problem:
            raise StepError(problem)
