"""What is built of the images of an inventory, and what is told of them then."""

from __future__ import annotations

from typing import Any

from ansible_collections.ragops.platform.plugins.module_utils._images import lists

REPOSITORIES = {"backend": "registry/backend"}
COMMON: dict[str, Any] = {
    **{"build_args": {"BASE": "common", "VERSION": "common"}, "volumes": ["/a:/a"]},
    **{"labels": {"team": "a"}, "platform": ""},
}
BACKEND = {"name": "backend", "repository": "backend", "context": "app/backend"}


def spec(common: dict[str, Any] | None = None, **image: Any) -> dict[str, Any]:
    [found] = lists.specs([BACKEND | image], REPOSITORIES, COMMON | (common or {}))
    return found


def test_an_image_is_built_of_what_all_have() -> None:
    assert spec() == {
        **{"name": "backend", "context": "app/backend", "repository": "registry/backend"},
        **{"build_args": COMMON["build_args"], "volumes": ["/a:/a"], "labels": {"team": "a"}},
    }


def test_its_own_build_arguments_come_last_and_its_version_first() -> None:
    assert spec(version="1.0.0")["build_args"]["VERSION"] == "common"
    assert spec({"build_args": {}}, version="1.0.0")["build_args"] == {"VERSION": "1.0.0"}
    own = spec(build_args={"BASE": "own"}, volumes=["/b:/b"])
    assert own["build_args"]["BASE"] == "own"
    assert own["volumes"] == ["/a:/a", "/b:/b"]
    assert spec(build_args=None, volumes=None) == spec()


def test_what_is_empty_is_left_to_the_module() -> None:
    assert spec({"platform": "linux/arm64"})["platform"] == "linux/arm64"
    assert (
        spec(containerfile="C", target="t").items() >= {"containerfile": "C", "target": "t"}.items()
    )
    assert spec(containerfile="", target=None) == spec()


def test_each_image_is_told_with_its_version() -> None:
    built = {"name": "backend", "digest": "sha256:1", "tag": "a", "files": 3, "changed": True}
    assert lists.by_name([built], [{**BACKEND, "version": "1.0.0"}]) == {
        "backend": {"digest": "sha256:1", "tag": "a", "changed": True, "version": "1.0.0"}
    }
    assert lists.by_name([built], [BACKEND])["backend"]["version"] == ""


def test_a_line_says_where_an_image_is_and_how_large() -> None:
    there = {"reference": "registry/backend@sha256:1", "size_mib": 241.7}
    assert lists.lines({"a": there, "b": {"reference": None, "size_mib": None}}) == [
        "registry/backend@sha256:1, MiB compressed: 241.7",
        "(would be built), MiB compressed: None",
    ]
