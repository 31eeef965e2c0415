# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Milvus: collections, users and roles."""
