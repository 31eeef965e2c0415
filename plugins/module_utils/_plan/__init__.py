# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""What a run changes, as rows of a table: the transformations behind callback `plan`."""
