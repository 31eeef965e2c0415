"""What may go wrong, as exceptions."""

from typing import Any

import httpx


class ProblemError(Exception):
    """The backend's own words about an error (RFC 9457).

    `status`: of HTTP; `kind`: the end of the problem's type, such as `busy`; `detail`: for people;
    `request_id`: under which the backend's log has the request.
    """

    def __init__(self, problem: dict[str, Any], status: int) -> None:
        self.status = status
        self.kind = str(problem.get("type", "")).rpartition(":")[2]
        self.detail = str(problem.get("detail") or problem.get("title") or f"status {status}")
        self.request_id = str(problem.get("request_id", ""))
        super().__init__(self.detail)

    @classmethod
    def of(cls, response: httpx.Response) -> "ProblemError":
        """The error of a response that was read; a proxy may answer without a problem."""
        try:
            body = response.json()
        except ValueError:
            body = None
        return cls(body if isinstance(body, dict) else {}, response.status_code)


class UnreachableError(Exception):
    """Nothing answered, or the connection broke."""
