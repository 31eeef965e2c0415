# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Certificates of ACM that are validated by a record in a hosted zone."""
