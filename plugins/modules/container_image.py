#!/usr/bin/python
# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Build container images from their sources and push those that a registry lacks."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: container_image
short_description: Build and push container images whose tag is the hash of their sources
version_added: 0.1.0
author:
  - The ragops.platform authors (@ragops)
description:
  - The tag of an image is the hash of its build context, Containerfile, build arguments, labels,
    platform and target.
  - The module looks for this tag through the HTTPS API of the registry. It builds and pushes the
    image only if the tag is missing.
  - The hash includes the references of base images, as written in the Containerfile and the build
    arguments.
  - The hash excludes files that C(.containerignore) (or C(.dockerignore)) leaves out of the build
    context.
  - In a git work tree, the hash also excludes files that git ignores, and the build does not see
    them.
  - Certificates of the registry are verified against E(SSL_CERT_FILE) or the trust store of the
    system.
  - The engine inherits the environment, such as E(BUILDAH_ISOLATION) and E(STORAGE_DRIVER).
requirements:
  - python >= 3.11
  - buildah, podman or docker, only if something is to be built
attributes:
  check_mode:
    description: Reads the registry, and builds and pushes nothing. The digest of an image that
      would be built is V(null).
    support: full
  diff_mode:
    description: Returns repository, tag and digest before and after.
    support: full
  idempotent:
    description: An image whose sources haven't changed is neither built nor pushed.
    support: full
options:
  images:
    description: The images, built in this order.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the image in the results. Defaults to the last part of
          O(images[].repository) by default.
        type: str
      context:
        description: Folder that is the build context.
        type: path
        required: true
      containerfile:
        description:
          - Path of the Containerfile, absolute or relative to O(images[].context).
          - Defaults to C(Containerfile) or C(Dockerfile) of the context.
        type: str
      repository:
        description: Registry host and repository, such as
          V(123456789012.dkr.ecr.us-east-1.amazonaws.com/ragops-dev/backend).
        type: str
        required: true
      build_args:
        description: Build arguments. They stay in the history of the image, so never pass a secret.
        type: dict
        default: {}
      volumes:
        description:
          - Folders of this machine to mount during the build, as C(/host:/container[:options]). Not
            supported with docker.
          - The hash does not include them.
        type: list
        elements: str
        default: []
      labels:
        description: Labels of the image.
        type: dict
        default: {}
      platform:
        description: Platform such as V(linux/arm64). Defaults to the platform of this machine.
        type: str
      target:
        description: Stage of the Containerfile to build. Defaults to the last stage.
        type: str
  engine:
    description: Program that builds. V(auto) takes the first installed program of buildah, podman
      and docker.
    type: str
    choices: [auto, buildah, podman, docker]
    default: auto
  username:
    description: User of the registry, such as V(AWS) for ECR.
    type: str
  password:
    description: Password or token of the registry.
    type: str
  timeout:
    description: Time limit in seconds for the build of one image, and separately for its push.
    type: int
    default: 1800
  request_timeout:
    description: Seconds that one request to the registry may take.
    type: int
    default: 30
"""

EXAMPLES = r"""
- name: Build and push what changed
  ragops.platform.container_image:
    username: AWS
    password: "{{ registry_password }}"
    images:
      - context: app/backend
        repository: 123456789012.dkr.ecr.us-east-1.amazonaws.com/ragops-dev/backend
        build_args:
          PYTHON_BASE: docker.io/library/python:3.11-slim-bookworm
      - context: app/frontend
        repository: 123456789012.dkr.ecr.us-east-1.amazonaws.com/ragops-dev/frontend
  register: built
"""

RETURN = r"""
images:
  description: The images in the order of O(images).
  returned: always, up to a failed one
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
      description: Tag, which is the hash of the sources.
      type: str
    image:
      description: C(repository:tag).
      type: str
    digest:
      description: Digest of the manifest in the registry. V(null) in check mode if the image would
        be built.
      type: str
    reference:
      description: C(repository@digest), for a deployment; V(null) without a digest.
      type: str
    changed:
      description: Whether the image was built and pushed, or would be.
      type: bool
    size_mib:
      description: MiB of its compressed layers; V(null) if unknown, or for several platforms.
      type: float
    build_seconds:
      description: Seconds of the build; V(null) if it wasn't built.
      type: float
    push_seconds:
      description: Seconds of the push; V(null) if it wasn't pushed.
      type: float
    files:
      description: Number of files in the hash.
      type: int
  sample:
    - name: backend
      repository: 123456789012.dkr.ecr.us-east-1.amazonaws.com/ragops-dev/backend
      tag: src-0f3a5c9d2b7e4f10
      image: 123456789012.dkr.ecr.us-east-1.amazonaws.com/ragops-dev/backend:src-0f3a5c9d2b7e4f10
      digest: sha256:4f1c0f7c0a5e1d3a6a4f0b0d5c2b8e6a7d9c1e3f5a7b9d0c2e4f6a8b0d1e3f50
      reference:
        123456789012.dkr.ecr.us-east-1.amazonaws.com/ragops-dev/backend@sha256:4f1c0f7c0a5e1d3a6a4f0b0d5c2b8e6a7d9c1e3f5a7b9d0c2e4f6a8b0d1e3f50
      changed: true
      size_mib: 241.7
      build_seconds: 21.4
      push_seconds: 2.3
      files: 42
engine:
  description: Program that built the images. V(null) if nothing was to be built.
  returned: always
  type: str
  sample: buildah
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.ragops.platform.plugins.module_utils._images.publish import Publisher
from ansible_collections.ragops.platform.plugins.module_utils._images.source import ImageError

IMAGE = {
    "name": {"type": "str"},
    "context": {"type": "path", "required": True},
    "containerfile": {"type": "str"},
    "repository": {"type": "str", "required": True},
    "build_args": {"type": "dict", "default": {}},
    "volumes": {"type": "list", "elements": "str", "default": []},
    "labels": {"type": "dict", "default": {}},
    "platform": {"type": "str"},
    "target": {"type": "str"},
}

ARGUMENTS = {
    "images": {"type": "list", "elements": "dict", "required": True, "options": IMAGE},
    "engine": {
        "type": "str",
        "choices": ["auto", "buildah", "podman", "docker"],
        "default": "auto",
    },
    "username": {"type": "str"},
    "password": {"type": "str", "no_log": True},
    "timeout": {"type": "int", "default": 1800},
    "request_timeout": {"type": "int", "default": 30},
}


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec=ARGUMENTS,
        supports_check_mode=True,
        required_together=[("username", "password")],
    )
    publisher = Publisher(module.params, module.check_mode)
    problem: ImageError | None = None
    try:
        publisher.run()
    except ImageError as error:
        problem = error
    result = {
        "changed": any(image.missing for image in publisher.images),
        "images": [image.as_dict() for image in publisher.images],
        "engine": publisher.engine,
        "diff": publisher.diff(),
    }
    if problem:
        done = any(image.push_seconds is not None for image in publisher.images)
        module.fail_json(**{**result, "changed": done}, msg=str(problem), build_log=problem.log)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
