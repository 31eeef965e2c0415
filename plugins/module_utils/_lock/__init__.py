# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""The lock that lets one run at a time work on a platform: `platform_lock`."""
