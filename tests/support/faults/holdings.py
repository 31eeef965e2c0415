"""What an account holds of the platform, in a form that two runs can be compared by."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from ansible_collections.ragops.platform.plugins.module_utils._platform.scope import Scope
from ansible_collections.ragops.platform.plugins.module_utils._sweep.item import ENDING
from ansible_collections.ragops.platform.plugins.module_utils._sweep.sweep import sweep

from support.emulator import Aws
from support.faults.subjects import ZONE

# Ids, which differ from run to run.
RANDOM = re.compile(
    r"^[a-z]+-[0-9a-f]{8,17}$|oidc-provider/.*$|key/.*$|certificate/.*$| in Z\w+$|/[0-9a-f]{16}$"
)


class Holdings:
    """Reads an account through platform_sweep's own code; its clients are made once."""

    def __init__(self, aws: Aws, environment: str = "test") -> None:
        self._aws = aws
        self._clients: dict[str, Any] = {}
        self._scope = Scope("ragops", environment, "us-east-1", "000000000000", ZONE)

    def _connect(self, service: str) -> Any:
        if service not in self._clients:
            self._clients[service] = self._aws.client(service)
        return self._clients[service]

    def count(self) -> Counter[str]:
        """How many there are of what; names with random parts cut off. What ends is left out."""
        return Counter(
            f"{item.service} {item.type} {RANDOM.sub('', item.id)}".strip()
            for item in sweep(self._connect, self._scope)
            if item.state != ENDING
        )
