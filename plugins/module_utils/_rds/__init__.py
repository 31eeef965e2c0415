# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""PostgreSQL: its fields, versions, passwords and logs."""
