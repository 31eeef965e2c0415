# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""The key: found by alias or tags, made, kept while something needs it."""
