# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""What the platform has: which one it is, what is found of it, what people look up."""
