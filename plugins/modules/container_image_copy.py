#!/usr/bin/python
# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Copy container images between registries by digest."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: container_image_copy
short_description: Copy container images between repositories, registries or accounts by digest
version_added: 0.2.0
author:
  - The ragops.platform authors (@ragops)
description:
  - Copies images unchanged, so that their digests stay the same, and verifies the digests
    afterwards.
  - An image that the repository already has under the tag is not copied. If the tag names another
    image, the module fails; it never moves a tag.
  - Passwords are passed in a temporary file, never on a command line.
requirements:
  - python >= 3.11
  - crane or skopeo, only if something is to be copied
attributes:
  check_mode:
    description: Reads the registries, and copies nothing.
    support: full
  diff_mode:
    description: Returns the digest in each repository before and after.
    support: full
  idempotent:
    description: An image that the target repository already has is not copied.
    support: full
options:
  images:
    description: The images.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the image in the results.
        type: str
        required: true
      source:
        description: Registry host and repository to copy from.
        type: str
        required: true
      digest:
        description: Digest of the image.
        type: str
        required: true
      repository:
        description: Registry host and repository to copy to.
        type: str
        required: true
      tag:
        description: Tag of the image in O(images[].repository).
        type: str
        required: true
  tool:
    description: Program that copies. V(auto) takes the first installed program.
    type: str
    choices: [auto, crane, skopeo]
    default: auto
  source_username:
    description: User of the source registry, such as V(AWS) for ECR.
    type: str
  source_password:
    description: Password or token of O(source_username).
    type: str
  username:
    description: User of the target registry.
    type: str
  password:
    description: Password or token of O(username).
    type: str
  timeout:
    description: Seconds that the copy of one image may take.
    type: int
    default: 900
  request_timeout:
    description: Seconds that one request to a registry may take.
    type: int
    default: 30
"""

EXAMPLES = r"""
- name: Take a verified image to production
  ragops.platform.container_image_copy:
    source_username: AWS
    source_password: "{{ staging_password }}"
    username: AWS
    password: "{{ production_password }}"
    images:
      - name: backend
        source: 111122223333.dkr.ecr.us-east-1.amazonaws.com/ragops-staging/backend
        digest: sha256:4f1c0f7c0a5e1d3a6a4f0b0d5c2b8e6a7d9c1e3f5a7b9d0c2e4f6a8b0d1e3f50
        repository: 444455556666.dkr.ecr.us-east-1.amazonaws.com/ragops-prod/backend
        tag: src-0f3a5c9d2b7e4f10
"""

RETURN = r"""
images:
  description: The images in the order of O(images).
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name of the image.
      type: str
    repository:
      description: Registry host and repository.
      type: str
    tag:
      description: Tag.
      type: str
    digest:
      description: Digest, the same as before.
      type: str
    reference:
      description: C(repository@digest).
      type: str
    source:
      description: Registry host, repository and digest of the source.
      type: str
    changed:
      description: Whether the image was copied, or would be.
      type: bool
  sample:
    - name: backend
      repository: 444455556666.dkr.ecr.us-east-1.amazonaws.com/ragops-prod/backend
      tag: src-0f3a5c9d2b7e4f10
      digest: sha256:4f1c0f7c0a5e1d3a6a4f0b0d5c2b8e6a7d9c1e3f5a7b9d0c2e4f6a8b0d1e3f50
      reference:
        444455556666.dkr.ecr.us-east-1.amazonaws.com/ragops-prod/backend@sha256:4f1c0f7c0a5e1d3a6a4f0b0d5c2b8e6a7d9c1e3f5a7b9d0c2e4f6a8b0d1e3f50
      source:
        111122223333.dkr.ecr.us-east-1.amazonaws.com/ragops-staging/backend@sha256:4f1c0f7c0a5e1d3a6a4f0b0d5c2b8e6a7d9c1e3f5a7b9d0c2e4f6a8b0d1e3f50
      changed: true
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.ragops.platform.plugins.module_utils._images.copy import Copier, Copy
from ansible_collections.ragops.platform.plugins.module_utils._images.source import ImageError

IMAGE = {
    name: {"type": "str", "required": True}
    for name in ("name", "source", "digest", "repository", "tag")
}

ARGUMENTS = {
    "images": {"type": "list", "elements": "dict", "required": True, "options": IMAGE},
    "tool": {"type": "str", "choices": ["auto", "crane", "skopeo"], "default": "auto"},
    "source_username": {"type": "str"},
    "source_password": {"type": "str", "no_log": True},
    "username": {"type": "str"},
    "password": {"type": "str", "no_log": True},
    "timeout": {"type": "int", "default": 900},
    "request_timeout": {"type": "int", "default": 30},
}


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec=ARGUMENTS,
        supports_check_mode=True,
        required_together=[
            ("username", "password"),
            ("source_username", "source_password"),
        ],
    )
    params = module.params
    copier = Copier(
        params["tool"],
        (params["source_username"] or "", params["source_password"] or ""),
        (params["username"] or "", params["password"] or ""),
        params["timeout"],
        params["request_timeout"],
    )
    copies = [Copy(**image) for image in params["images"]]
    done: list[Copy] = []
    try:
        # All questions first: what is missing is said before anything is copied.
        needed = [copy for copy in copies if copier.needed(copy)]
        for copy in [] if module.check_mode else needed:
            copier.run(copy)
            done.append(copy)
    except ImageError as error:
        module.fail_json(changed=bool(done), msg=str(error))
    images = {f"image {copy.repository}:{copy.tag}": {"digest": copy.digest} for copy in needed}
    module.exit_json(
        changed=bool(needed),
        images=[copy.as_dict(copy in needed) for copy in copies],
        diff={"before": {}, "after": images},
    )


if __name__ == "__main__":
    main()
