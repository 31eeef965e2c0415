# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""AWS resources that more than one component makes: one piece for each kind."""
