# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""The VPC: subnets, routes, endpoints, security groups, flow log."""
