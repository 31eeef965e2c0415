# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Helm releases with a plan of their objects: `helm_release`."""
