# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""What is left of a platform in AWS, found by describing each service and by tag."""
