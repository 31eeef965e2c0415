# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""The word for what AWS has not given yet. Alone here: the callback needs no AWS SDK for it."""

UNKNOWN = "(known after creation)"
"""Stands for an id that AWS has not given yet; only seen in check mode."""
