# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Releases of the application: what was verified, what may be gone back to or promoted."""
