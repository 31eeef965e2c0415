# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""The application's release, as a component of the platform."""
