# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""What Karpenter needs in AWS beside its own role."""
