# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""How AWS, Kubernetes and Milvus want names and references to be written, input by input.

What they would say of a text in the middle of a run, when things are made and billed, is said
before it. One row per input; a rule that looks at more than one text is elsewhere.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from . import platform


class Form(NamedTuple):
    """A way of writing. what: how it is asked for in a message; it follows "give"."""

    fits: Callable[[str], object]
    what: str


def _pattern(pattern: str, what: str) -> Form:
    # Digits and letters of other scripts look like ours, and no service takes them.
    return Form(re.compile(pattern, re.ASCII).fullmatch, what)


def _is_block(text: str) -> bool:
    """Whether it is a CIDR block as AWS stores it: a host's address in it would be cut away."""
    try:
        ipaddress.ip_network(text)
    except ValueError:
        return False
    return True


_UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_KEY_ARN = r"arn:(aws[\w-]*|\{partition\}):kms:[a-z0-9-]+:([0-9]{12}|\{account\}):key/[\w-]+"
_DOMAIN = r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*"

NAMESPACE = _pattern(
    r"(?!kube-|default$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?",
    "a namespace of lower-case letters, digits and dashes, at most 63, none of Kubernetes' own",
)
ANY_NAMESPACE = _pattern(
    r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?",
    "a namespace's name: lower-case letters, digits and dashes, at most 63",
)
RELEASE = _pattern(
    r"[a-z]([a-z0-9-]{0,51}[a-z0-9])?",
    "a release's name: a letter first, then lower-case letters, digits and dashes, at most 53",
)
OBJECT = _pattern(
    rf"(?=.{{1,253}}$){_DOMAIN}", "an object's name: lower-case letters, digits, dashes and dots"
)
CHART = _pattern(r"\S+", "a folder, an archive, an oci reference, or a name in repo")
REPOSITORY = _pattern(r"https?://\S+", "the repository's address, such as https://...")
VERSION = _pattern(
    r"v?[0-9]+\.[0-9]+\.[0-9]+([+-][0-9A-Za-z.+-]+)?",
    "one exact version, such as 1.2.3: a range would change by itself",
)
VERSION_OR_NONE = Form(lambda text: text == "" or VERSION.fits(text), VERSION.what)
OBJECT_OR_NONE = Form(lambda text: text == "" or OBJECT.fits(text), OBJECT.what)
COLLECTION = _pattern(
    r"[A-Za-z_]\w{0,254}", "a name of letters, digits and _, no digit first, as Milvus takes it"
)
BLOCK = Form(_is_block, "a CIDR block whose last bits are 0, such as 10.1.0.0/16")
KEY = _pattern(
    rf"|alias/[\w/-]+|{_KEY_ARN}|{_KEY_ARN.replace(':key/', ':alias/')}|{_UUID}|mrk-[0-9a-f]{{32}}",
    "a KMS key by its alias (alias/name), ARN or id",
)
KEY_ARN = _pattern(
    rf"|{_KEY_ARN}", "the ARN of a KMS key (arn:{partition}:kms:<region>:<account>:key/<id>)"
)
PRINCIPALS = _pattern(r"arn:[^\s]+", "the ARN of an IAM role or user; * may stand in it")
IAM_PATH = _pattern(r"/([!-.0-~]+/)*", "a path that begins and ends with /, such as /ragops/")
BOUNDARY = Form(
    lambda text: text == "" or platform.BOUNDARY.fullmatch(text), "the ARN of an IAM policy"
)
PURPOSE = _pattern(
    r"(?!access-logs$)[a-z0-9]([a-z0-9-]*[a-z0-9])?",
    "a part of a bucket's name: lower-case letters, digits and dashes; access-logs is taken",
)
BUCKET = _pattern(
    r"[a-z0-9*{][a-z0-9.*{}-]{1,61}[a-z0-9*}/]*", "a bucket's name; * may stand in it"
)
SECRET = _pattern(r"[\w/+=.@-]{1,400}", "a secret's name: letters, digits and / _ + = . @ -")
SERVICE = _pattern(r"[a-z0-9-]+", "a service's prefix, such as rds")
GROUP_KEY = _pattern(r"[a-z][a-z0-9_]*", "a key of lower-case letters, digits and _")
PARAMETER = _pattern(r"/[\w./-]+", "the name of an SSM parameter, such as /aws/service/...")
ADDON = _pattern(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}", "an add-on's name, such as vpc-cni")
ADDON_VERSION = _pattern(r"|v\d+\.\d+\.\d+-eksbuild\.\d+", "a version such as v1.21.1-eksbuild.1")
WEB_ACL = _pattern(
    r"|arn:aws[\w-]*:wafv2:[a-z0-9-]+:[0-9]{12}:regional/webacl/[^\s]+",
    "the ARN of a regional web ACL of WAF (arn:{partition}:wafv2:<region>:...)",
)
IMAGE_PLATFORM = _pattern(
    r"(|linux/(amd64|arm64)(/v\d)?(,linux/(amd64|arm64)(/v\d)?)*)",
    "a platform such as linux/amd64, or nothing",
)
ADDRESS = _pattern(r"|https?://[^\s/]+", "an address such as https://milvus.milvus.svc:19530")
USER_GROUP = _pattern(
    r"|[a-z](-?[a-z0-9]){0,39}", "a user group's id: lower-case letters, digits, single dashes"
)

REGIONAL = (KEY, KEY_ARN, WEB_ACL)
"""What must be in the platform's own region."""

FORMS = {
    "app_rollout_chart_version": VERSION_OR_NONE,
    "app_rollout_milvus_collection": COLLECTION,
    "app_rollout_milvus_uri": ADDRESS,
    "app_rollout_release": RELEASE,
    "app_rollout_waf_acl_arn": WEB_ACL,
    "bastion_image_parameter": PARAMETER,
    "bastion_kms_key_id": KEY,
    "cluster_addons_api_server_cidrs": BLOCK,
    **{
        f"cluster_addons_{name}_chart_version": VERSION_OR_NONE
        for name in (
            *("cluster_autoscaler", "external_secrets", "karpenter", "load_balancer_controller"),
            "metrics_server",
        )
    },
    "cluster_addons_cluster_autoscaler_namespace": ANY_NAMESPACE,
    "cluster_addons_external_secrets_namespace": NAMESPACE,
    "cluster_addons_karpenter_namespace": ANY_NAMESPACE,
    "cluster_addons_load_balancer_controller_namespace": ANY_NAMESPACE,
    "cluster_addons_metrics_clients.namespace": ANY_NAMESPACE,
    "cluster_addons_metrics_server_namespace": ANY_NAMESPACE,
    "cluster_addons_namespaces.name": NAMESPACE,
    "cluster_addons_priority_class": OBJECT_OR_NONE,
    "cluster_addons_releases.chart": CHART,
    "cluster_addons_releases.name": RELEASE,
    "cluster_addons_releases.namespace": ANY_NAMESPACE,
    "cluster_addons_releases.repo": REPOSITORY,
    "cluster_addons_releases.version": VERSION,
    "cluster_addons_storage_class": OBJECT_OR_NONE,
    "ecr_kms_key_id": KEY,
    "eks_addons.name": ADDON,
    "eks_addons.version": ADDON_VERSION,
    "eks_addons_before_nodes.name": ADDON,
    "eks_addons_before_nodes.version": ADDON_VERSION,
    "eks_kms_key_arn": KEY_ARN,
    "eks_node_volume_kms_key_arn": KEY_ARN,
    "elasticache_secret_readers": PRINCIPALS,
    "elasticache_user_group_id": USER_GROUP,
    "images_platform": IMAGE_PLATFORM,
    "kms_services": SERVICE,
    "milvus_chart_version": VERSION_OR_NONE,
    "milvus_clients.namespace": ANY_NAMESPACE,
    "milvus_collection": COLLECTION,
    "milvus_collection_alias": COLLECTION,
    "milvus_metrics_clients.namespace": ANY_NAMESPACE,
    "milvus_namespace": NAMESPACE,
    "milvus_object_store_cidrs": BLOCK,
    "milvus_release": RELEASE,
    "milvus_storage_class": OBJECT,
    "milvus_tls_secret": OBJECT_OR_NONE,
    "network_extra_security_groups.key": GROUP_KEY,
    "network_flow_log_kms_key_id": KEY,
    "network_nodes_internet": BLOCK,
    "network_readable_buckets": BUCKET,
    "network_security_groups.key": GROUP_KEY,
    "rds_secret_readers": PRINCIPALS,
    "s3_kms_key_id": KEY,
    "s3_purposes": PURPOSE,
    "secrets_extra.name": SECRET,
    "secrets_kms_key_id": KEY,
    "secrets_readers": PRINCIPALS,
    "workload_identity_extra.name": OBJECT,
    "workload_identity_extra.namespace": ANY_NAMESPACE,
    "workload_identity_extra.service_account": OBJECT,
    "workload_identity_path": IAM_PATH,
    "workload_identity_permissions_boundary": BOUNDARY,
}
"""By the path of the option, without the places in lists."""

TWICE_ELSEWHERE = ("eks_node_groups", "network_availability_zones")
"""Lists of which another rule says what is in them twice."""

AT_LEAST = {
    "app_rollout_history": 1,
    "app_rollout_revision": 0,
    "bastion_disk_size": 8,
    "cluster_addons_replicas": 1,
    "milvus_collection_dimension": 2,
}
"""Numbers that have a least value; what ends in _timeout has one, too."""
AT_MOST = {"milvus_collection_dimension": 32768}


def problems(role: str, inputs: Mapping[str, Any], region: str) -> Iterator[str]:
    """Yield which inputs of a role are written as nobody takes them.

    Args:
        role: name of the role.
        inputs: its inputs, typed.
        region: of the platform, in which its keys must be.
    """
    for name, value in inputs.items():
        for place, path, text in _texts(value, name, name):
            if form := FORMS.get(path):
                yield from _misfit(f"{role}: {place}", form, text, region)
        least = AT_LEAST.get(name, 1 if name.endswith("_timeout") else None)
        if least is not None and isinstance(value, int) and value < least:
            yield f"{role}: {name} is {value}: give at least {least}."
        if name in AT_MOST and isinstance(value, int) and value > AT_MOST[name]:
            yield f"{role}: {name} is {value}: give at most {AT_MOST[name]}."
        if isinstance(value, list) and name not in TWICE_ELSEWHERE:
            yield from _twice(role, name, value)


def _misfit(place: str, form: Form, text: str, region: str) -> Iterator[str]:
    if not form.fits(text):
        yield f"{place} is '{text[:120]}': give {form.what}."
    elif form in REGIONAL and text.startswith("arn:") and text.split(":")[3] != region:
        yield (
            f"{place} is {text}, which is not in {region} (platform_region), where what it is for "
            "is: AWS takes none of another region."
        )


def _texts(value: Any, place: str, path: str) -> Iterator[tuple[str, str, str]]:
    """Yield each text in a value with its place, eks_addons[0].name, and path, eks_addons.name."""
    if isinstance(value, str):
        yield place, path, value
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _texts(item, f"{place}[{number}]", path)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _texts(item, f"{place}.{key}", f"{path}.{key}")


def _twice(role: str, name: str, values: list[Any]) -> Iterator[str]:
    """Yield what is in a list twice, told by its name where an item has one."""
    told = [item.get("name") if isinstance(item, Mapping) else item for item in values]
    for each in sorted({str(item) for item in told if item is not None and told.count(item) > 1}):
        yield f"{role}: {name} has {each} twice: leave one out."
