# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Buckets, their access logs and replicas."""
