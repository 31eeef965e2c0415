# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""A loopback port that leads through the bastion by SSM: `ssm_tunnel`."""
