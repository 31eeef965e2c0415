# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""The IAM roles of pods, as a component of the platform."""
