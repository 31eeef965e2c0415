# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""IAM roles as a module is given them."""
