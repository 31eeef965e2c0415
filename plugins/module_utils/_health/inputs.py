# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""What role health needs."""

from __future__ import annotations

from .._inputs.rules import Rules

RULES = Rules(needs=("eks",))
