"""A client of boto3 that answers from a script, for what no emulator shows: waits and refusals."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from ansible_collections.ragops.platform.plugins.module_utils.reconcile import Api
from botocore.stub import Stubber


class Script:
    """The calls that are expected of one service, in order, with what is answered."""

    def __init__(self, service: str, *, check_mode: bool = False) -> None:
        client = boto3.client(
            service, region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
        )
        self.api = Api(client, check_mode)
        self._stub = Stubber(client)

    def says(self, operation: str, answer: dict[str, Any], **expected: Any) -> Script:
        """Expect a call (with these arguments, if any are given) and answer it."""
        self._stub.add_response(operation, answer, expected or None)
        return self

    def refuses(self, operation: str, code: str, message: str = "no", **expected: Any) -> Script:
        """Expect a call and refuse it."""
        self._stub.add_client_error(operation, code, message, expected_params=expected or None)
        return self

    @contextmanager
    def played(self) -> Iterator[Api]:
        """Give the calls out; at the end all must have been made."""
        with self._stub:
            yield self.api
            self._stub.assert_no_pending_responses()
