"""The images that EKS publishes for nodes: their public parameters, and themselves."""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Callable
from typing import Any

from rehearsal.aws.eks.nodegroups import release
from rehearsal.aws.wire.query import Action, Parameters, Response, markup, numbered

PATH = re.compile(
    r"/aws/service/eks/optimized-ami/(?P<version>1\.\d+)/amazon-linux-2023"
    r"/(?P<architecture>x86_64|arm64)/standard/(?P<image>[\w.-]+)/image_id"
)
VERSIONS = tuple(f"1.{minor}" for minor in range(31, 37))
ARCHITECTURES = ("x86_64", "arm64")
OWNER = "602401143452"
"""AWS's account for EKS's images in us-east-1."""


def adjust(ssm: Any, ec2: Any) -> None:
    """Add them to what ministack knows. ssm, ec2: its modules."""
    ssm._public_parameter = functools.partial(parameter, ssm, ssm._public_parameter)
    actions: dict[str, Action] = ec2._ACTION_MAP
    describe = "DescribeImages"
    actions[describe] = functools.partial(described, ec2, actions[describe])


def name_of(version: str, architecture: str) -> str:
    """The name of the newest image for a Kubernetes version."""
    day = release(version).rsplit("-", 1)[-1]
    return f"amazon-eks-node-al2023-{architecture}-standard-{version}-v{day}"


def id_of(name: str) -> str:
    """The id of an image with this name: always the same."""
    return f"ami-{hashlib.sha256(name.encode()).hexdigest()[:17]}"


def parameter(
    ssm: Any, original: Callable[[str], dict[str, Any] | None], name: str
) -> dict[str, Any] | None:
    """AWS: parameters name the images of Amazon Linux 2023 for EKS, the newest one as
    `recommended`, too. ministack knows two other images. Here there is one release of each.
    """
    found = PATH.fullmatch(name or "")
    if found is None:
        return original(name)
    newest = name_of(found["version"], found["architecture"])
    if found["version"] not in VERSIONS or found["image"] not in ("recommended", newest):
        return None
    return {
        "Name": name,
        "Type": "String",
        "Value": id_of(newest),
        "Version": 1,
        "LastModifiedDate": 1793491200,
        "ARN": f"arn:aws:ssm:{ssm.get_region()}::parameter{name}",
        "DataType": "text",
    }


def described(ec2: Any, describe: Action, parameters: Parameters) -> Response:
    """AWS: DescribeImages has them. ministack: only a few others."""
    status, headers, body = describe(parameters)
    if status != 200:
        return status, headers, body
    filters = ec2._parse_filters(parameters)
    ids, owners = numbered(parameters, "ImageId"), numbered(parameters, "Owner")
    found = [
        image
        for version in VERSIONS
        for architecture in ARCHITECTURES
        if matches(image := facts(version, architecture), ids, owners, filters)
    ]
    text = body.decode().replace("</imagesSet>", f"{markup(found)}</imagesSet>")
    return status, headers, text.encode()


def facts(version: str, architecture: str) -> dict[str, Any]:
    """An image in the form of DescribeImages."""
    name = name_of(version, architecture)
    day = name.rsplit("-v", 1)[-1]
    return {
        "imageId": id_of(name),
        "imageLocation": f"amazon/{name}",
        "imageState": "available",
        "imageOwnerId": OWNER,
        "imageOwnerAlias": "amazon",
        "creationDate": f"{day[:4]}-{day[4:6]}-{day[6:]}T00:00:00.000Z",
        "isPublic": True,
        "architecture": architecture,
        "imageType": "machine",
        "name": name,
        "description": f"EKS-optimized Kubernetes node based on Amazon Linux 2023 ({version})",
        "rootDeviceType": "ebs",
        "rootDeviceName": "/dev/xvda",
        "virtualizationType": "hvm",
        "hypervisor": "xen",
    }


def matches(
    image: dict[str, Any], ids: list[str], owners: list[str], filters: dict[str, list[str]]
) -> bool:
    """Whether a request asks for an image; by a filter that is not known here it does not."""
    known = {
        "image-id": image["imageId"],
        "name": image["name"],
        "architecture": image["architecture"],
        "owner-id": OWNER,
        "owner-alias": "amazon",
        "state": "available",
    }
    return (
        (not ids or image["imageId"] in ids)
        and (not owners or bool({"amazon", OWNER} & set(owners)))
        and all(known.get(name) in values for name, values in filters.items())
    )
