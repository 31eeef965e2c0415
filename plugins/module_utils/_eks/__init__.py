# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Cluster, node groups, add-ons and access; tokens for the API server."""
