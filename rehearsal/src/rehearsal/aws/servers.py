"""The real servers behind RDS and ElastiCache: what both have."""

from __future__ import annotations


class DataError(Exception):
    """A server refused what the AWS API had promised."""
