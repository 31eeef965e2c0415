# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Which versions AWS supports until when (AWS's calendars and endoflife.date, read 2026-11-22)."""

from __future__ import annotations

EKS = {
    "1.28": ("2024-11-26", "2025-11-26"),
    "1.29": ("2025-03-23", "2026-03-23"),
    "1.30": ("2025-07-23", "2026-07-23"),
    "1.31": ("2025-11-26", "2026-11-26"),
    "1.32": ("2026-03-23", "2027-03-23"),
    "1.33": ("2026-07-29", "2027-07-29"),
    "1.34": ("2026-12-02", "2027-12-02"),
    "1.35": ("2027-03-27", "2028-03-27"),
    "1.36": ("2027-08-02", "2028-08-02"),
}
"""Minor version of EKS -> end of standard, end of extended (surcharged) support."""

POSTGRESQL = {
    "11": "2024-02-29",
    "12": "2025-02-28",
    "13": "2026-02-28",
    "14": "2027-02-28",
    "15": "2028-02-29",
    "16": "2029-02-28",
    "17": "2030-02-28",
    "18": "2031-02-28",
}
"""Major version of RDS for PostgreSQL -> end of standard support."""


def creatable_eks(today: str) -> list[str]:
    """Return the EKS versions that can be created on a day (YYYY-MM-DD)."""
    return [version for version, (_, extended) in EKS.items() if extended > today]


def standard_eks(today: str) -> list[str]:
    """Return the EKS versions in standard support on a day (YYYY-MM-DD)."""
    return [version for version, (standard, _) in EKS.items() if standard > today]


def standard_postgresql(today: str) -> list[str]:
    """Return the majors of RDS for PostgreSQL in standard support on a day (YYYY-MM-DD)."""
    return [major for major, standard in POSTGRESQL.items() if standard > today]
