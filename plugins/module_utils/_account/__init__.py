# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""What only the account can say: quotas, zones, offers, names that are taken."""
