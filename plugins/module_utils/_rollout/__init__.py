# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Why a release's workloads do not come up, and waiting until they do: `k8s_rollout_status`."""
