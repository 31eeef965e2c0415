# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""From the list of images asked for to their digests in the registry."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .engine import ENGINES, Engine, login
from .programs import find
from .registry import Registry, split_repository
from .source import ImageError, context_files, find_containerfile, source_tag, stage

Dict = dict[str, Any]


@dataclass
class Image:
    """One image asked for, and what is known of it."""

    options: Mapping[str, Any]
    context: Path
    containerfile: Path
    files: list[str]
    tag: str
    digest: str | None = None
    missing: bool = False
    build_seconds: float | None = None
    push_seconds: float | None = None
    size_mib: float | None = None

    @property
    def repository(self) -> str:
        """Registry host and path."""
        return str(self.options["repository"])

    @property
    def image(self) -> str:
        """`repository:tag`."""
        return f"{self.repository}:{self.tag}"

    def as_dict(self) -> Dict:
        """Return it as the module reports it."""
        reference = f"{self.repository}@{self.digest}" if self.digest else None
        return {
            "name": self.options.get("name") or self.repository.rsplit("/", 1)[-1],
            "repository": self.repository,
            "tag": self.tag,
            "image": self.image,
            "digest": self.digest,
            "reference": reference,
            "changed": self.missing,
            "size_mib": self.size_mib,
            "build_seconds": self.build_seconds,
            "push_seconds": self.push_seconds,
            "files": len(self.files),
        }


def read_image(options: Mapping[str, Any]) -> Image:
    """Find an image's sources and their tag.

    Raises:
        ImageError: the input is wrong, with the option's value.
    """
    split_repository(options["repository"])
    context = Path(options["context"])
    containerfile = find_containerfile(context, options.get("containerfile"))
    for volume in options.get("volumes") or []:
        host = volume.split(":", 1)[0]
        if ":" not in volume or not Path(host).is_dir():
            raise ImageError(
                f"volume {volume!r} must be written as /host:/container, with an"
                " existing folder on the host"
            )
    files = context_files(context)
    tag = source_tag(context, files, containerfile, options)
    return Image(options, context, containerfile, files, tag)


class Publisher:
    """Builds and pushes the images that the registry lacks.

    Args:
        params: the module's parameters.
        check_mode: whether to build and push nothing.
    """

    def __init__(self, params: Mapping[str, Any], check_mode: bool) -> None:
        self.params = params
        self.check_mode = check_mode
        self.engine: str | None = None
        self.images: list[Image] = []
        user, password = params["username"] or "", params["password"] or ""
        self.registry = Registry(user, password, params["request_timeout"])

    def run(self) -> None:
        """Look at all images first, then build those that are missing.

        Raises:
            ImageError: for the first image that fails; those before it are done.
        """
        self.images = [read_image(options) for options in self.params["images"]]
        for image in self.images:
            image.digest = self.registry.digest(image.repository, image.tag)
            image.missing = image.digest is None
        missing = [image for image in self.images if image.missing]
        if missing and not self.check_mode:
            self._publish(missing)
        for image in self.images:
            if image.digest:
                image.size_mib = self.registry.size_mib(image.repository, image.digest)

    def _publish(self, missing: Sequence[Image]) -> None:
        self.engine = find(self.params["engine"], ENGINES, "build")
        if self.engine == "docker" and any(image.options.get("volumes") for image in missing):
            raise ImageError("docker cannot mount volumes during a build: use buildah or podman")
        repositories = [image.repository for image in missing]
        user, password = self.registry.username, self.registry.password
        with login(repositories, user, password) as auth:
            engine = Engine(self.engine, auth, self.params["timeout"])
            for image in missing:
                self._publish_one(engine, image)

    def _publish_one(self, engine: Engine, image: Image) -> None:
        with tempfile.TemporaryDirectory(prefix="ragops-context-") as folder:
            stage(image.context, image.files, Path(folder))
            image.build_seconds = engine.build(
                image.image, Path(folder), image.containerfile, image.options
            )
        image.push_seconds = engine.push(image.image)
        image.digest = self.registry.digest(image.repository, image.tag)
        if image.digest is None:
            raise ImageError(f"{image.image} was pushed, but the registry does not have it")

    def diff(self) -> Dict:
        """Return the digest of each image before and after; their ids are repository and tag."""
        names = {f"image {image.as_dict()['name']}": image for image in self.images}
        return {
            "before": {name: {"digest": i.digest} for name, i in names.items() if not i.missing},
            "after": {
                name: {"digest": i.digest or "(known after the build)"} for name, i in names.items()
            },
            "ids": {name: image.image for name, image in names.items()},
        }
