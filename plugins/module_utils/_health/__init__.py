# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""What verifies the backend, look by look."""
