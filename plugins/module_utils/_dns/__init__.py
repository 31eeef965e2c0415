# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Names of the platform in a hosted zone that is somebody else's."""
