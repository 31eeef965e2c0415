# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Log groups, as platform_info and platform_sweep know them."""
