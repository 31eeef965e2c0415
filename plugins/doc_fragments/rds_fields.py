# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Documentation of the options of rds_postgres that are a parameter of AWS."""

from __future__ import annotations

import yaml
from ansible_collections.ragops.platform.plugins.module_utils._rds.fields import FIELDS


class ModuleDocFragment:
    """Fragments of documentation, by the name after the dot."""

    DOCUMENTATION = yaml.safe_dump({"options": FIELDS.documentation()}, sort_keys=False)
