#!/usr/bin/python
# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Module ecr_repositories: image repositories that share their settings."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ecr_repositories
version_added: 0.1.0
short_description: ECR repositories with immutable tags, scan on push and a lifecycle policy
description:
  - Creates, repairs or removes several repositories with the same settings in one task.
  - Unlike M(community.aws.ecs_ecr), it sets tags, and check mode works before the repositories
    exist.
  - The repository policy is replaced completely, because a statement that somebody added may let
    others push.
options:
  names:
    description: Names of the repositories.
    type: list
    elements: str
    required: true
  state:
    description: Whether the repositories exist.
    type: str
    choices: [present, absent]
    default: present
  immutable_tags:
    description: Whether a pushed tag can never name another image.
    type: bool
    default: true
  scan_on_push:
    description: Whether AWS scans each pushed image.
    type: bool
    default: true
  keep_images:
    description: Number of images to keep. The oldest images are deleted.
    type: int
    default: 30
  untagged_days:
    description: Days after which an image without a tag is deleted.
    type: int
    default: 7
  kms_key_id:
    description:
      - KMS key for encryption (ARN, id or alias). Without it the repositories use AES-256. AWS
        cannot change the key later, so another key is refused.
      - If an alias does not exist yet, the module waits for it up to O(wait_timeout) seconds.
    type: str
  pull_principals:
    description: Other accounts (12 digits), or ARNs of their roles and users, that may pull. Roles
      of the same account only need IAM permissions.
    type: list
    elements: str
    default: []
  force:
    description:
      - With O(state=absent), whether to remove repositories that contain images.
      - Otherwise such repositories are kept, with a warning, and returned in RV(kept).
    type: bool
    default: false
  wait_timeout:
    description: Seconds to wait for the key.
    type: int
    default: 120
  tags:
    description: Tags of the repositories. Tags that others added are kept. C(Project),
      C(Environment), C(Component) and C(ManagedBy) name the owner. A repository of another owner is
      refused.
    type: dict
    required: true
extends_documentation_fragment:
  - ragops.platform.reconciled
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Make the repositories
  ragops.platform.ecr_repositories:
    names: [ragops-dev/backend, ragops-dev/frontend]
    tags: {Project: ragops, Environment: dev}

- name: Remove them with their images
  ragops.platform.ecr_repositories:
    names: [ragops-dev/backend, ragops-dev/frontend]
    state: absent
    force: true
    tags: {Project: ragops, Environment: dev}
"""

RETURN = r"""
repositories:
  description: The repositories, in the order of O(names).
  returned: when O(state=present)
  type: list
  elements: dict
  contains:
    name: {description: Name., type: str, returned: always, sample: ragops-dev/backend}
    arn: {description: ARN., type: str, returned: always}
    uri: {description: First part of an image reference., type: str, returned: always}
kept:
  description: Names of the repositories that were not removed because they contain images.
  returned: when O(state=absent)
  type: list
  elements: str
"""

from dataclasses import replace
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.ragops.platform.plugins.module_utils._ecr import ensure
from ansible_collections.ragops.platform.plugins.module_utils._ecr.transform import Wish, check
from ansible_collections.ragops.platform.plugins.module_utils._kms import find as kms
from ansible_collections.ragops.platform.plugins.module_utils.reconcile import (
    Connect,
    Plan,
    reconcile,
)


def argument_spec() -> dict[str, Any]:
    """Return the module's options."""
    return {
        "names": {"type": "list", "elements": "str", "required": True},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "immutable_tags": {"type": "bool", "default": True},
        "scan_on_push": {"type": "bool", "default": True},
        "keep_images": {"type": "int", "default": 30},
        "untagged_days": {"type": "int", "default": 7},
        "kms_key_id": {"type": "str"},
        "pull_principals": {"type": "list", "elements": "str", "default": []},
        "force": {"type": "bool", "default": False},
        "wait_timeout": {"type": "int", "default": 120},
        "tags": {"type": "dict", "required": True},
    }


def run(module: AnsibleAWSModule, plan: Plan, connect: Connect) -> dict[str, Any]:
    """Check the options, then bring the repositories to their state."""
    options = module.params
    settings = (
        *("tags", "immutable_tags", "scan_on_push", "keep_images", "untagged_days"),
        "pull_principals",
    )
    wishes = [
        Wish(name=name, **{setting: options[setting] for setting in settings})
        for name in options["names"]
    ]
    for wish in wishes:
        check(wish)
    api = connect("ecr")
    # Whose each of them is, before the first is made or removed.
    foreseen = api.quiet(), Plan()
    if options["state"] == "absent":
        for wish in wishes:
            ensure.ensure_absent(*foreseen, wish, options["force"])
        kept = [
            wish.name for wish in wishes if ensure.ensure_absent(api, plan, wish, options["force"])
        ]
        if kept:
            module.warn(
                f"These repositories were kept, because they contain images: {', '.join(kept)}."
                " Remove the images, or allow the deletion with force."
            )
        return {"kept": kept}
    timeout = options["wait_timeout"]
    key = kms.resolve(connect("kms"), options["kms_key_id"], timeout, options["tags"])
    wishes = [replace(wish, kms_key_arn=key) for wish in wishes]
    for wish in wishes:
        ensure.ensure_present(*foreseen, wish)
    return {"repositories": [ensure.ensure_present(api, plan, wish) for wish in wishes]}


def main() -> None:
    """Run the module."""
    module = AnsibleAWSModule(
        argument_spec=argument_spec(),
        supports_check_mode=True,
    )
    reconcile(module, run)


if __name__ == "__main__":
    main()
