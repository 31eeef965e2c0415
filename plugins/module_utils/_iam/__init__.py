# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""IAM roles: their shape, and the steps from one shape to the other."""
