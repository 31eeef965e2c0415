# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Redis or Valkey: its fields, versions and access."""
