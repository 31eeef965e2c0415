# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""The instance that is reached through SSM only."""
