# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""What is wrong with inputs, before anything changes."""
