# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""The cluster's add-ons, as a component of the platform."""
