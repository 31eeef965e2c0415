# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Secrets of Secrets Manager: values, readers, rotation."""
