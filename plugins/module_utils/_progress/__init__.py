# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""What is printed of waits while they last: the transformations behind callback `progress`."""
