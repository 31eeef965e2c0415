"""Inputs that are written as AWS, Kubernetes or Milvus take none: more rows for test_inputs.py."""

from __future__ import annotations

from typing import Any

from bad_inputs import MAIN, Row

ELSEWHERE = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
WEB_ACL = "arn:aws:wafv2:eu-west-1:123456789012:regional/webacl/rag/1234abcd"


def row(component: str, message: str, **inputs: Any) -> Row:
    return Row(component, {f"{component}_{name}": value for name, value in inputs.items()}, message)


def group(message: str, **more: Any) -> Row:
    return row("eks", message, node_groups=[{**MAIN, **more}])


def extra(message: str, **more: Any) -> Row:
    return row("secrets", message, extra=[{"name": "pin", "description": "x", **more}])


def workload(message: str, **more: Any) -> Row:
    own = {"name": "jobs", "namespace": "rag", "service_account": "jobs", "policies": {}}
    return row("workload_identity", message, extra=[{**own, **more}])


def further(message: str, **more: Any) -> Row:
    own = {"name": "jobs", "namespace": "kube-system", "chart": "app/chart"}
    return row("cluster_addons", message, releases=[{**own, **more}], metrics_server=True)


ROWS = [
    # Names that services keep for themselves, or take for one
    Row("platform", {"platform_project": "sg-rag"}, "does not accept names that begin with sg-"),
    Row(
        "platform",
        {"platform_namespace": "kube-system"},
        "'kube-system', which belongs to Kubernetes",
    ),
    Row("platform", {"platform_namespace": "default"}, "'default', which belongs to Kubernetes"),
    Row("platform", {"platform_namespace": "milvus"}, "are both 'milvus'"),
    Row("platform", {"platform_extra_tags": {"project": "x"}}, "sets project, by which"),
    Row("platform", {"platform_extra_tags": {"Team": "a", "team": "b"}}, "has team twice"),
    # Digits of another script, which look like ours
    Row("platform", {"platform_account_id": "\uff11" * 12}, "Give the 12 digits of an AWS account"),
    row("network", "has zones outside", availability_zones=["us-east-1a", "us-east-1A"]),
    # What would change by itself, or is no chart
    further("is '>=1.0': give one exact", chart="x", repo="https://c.example", version=">=1.0"),
    further("version is 'latest': give", chart="x", repo="https://c.example", version="latest"),
    further("repo is 'c.example': give the", chart="x", repo="c.example", version="1.0.0"),
    further("chart is '': give a folder", chart=""),
    further("oci reference and a repo", chart="oci://r/x", repo="https://r", version="1.0.0"),
    row("milvus", "milvus_chart_version is '5.x'", chart_version="5.x"),
    row("app_rollout", "app_rollout_chart_version is '~1'", chart_version="~1"),
    row(
        "cluster_addons",
        "metrics_server_chart_version is '3'",
        metrics_server_chart_version="3",
    ),
    row("milvus", "milvus_namespace is 'default'", namespace="default"),
    row("cluster_addons", "is 'kube-node-lease'", namespaces=[{"name": "kube-node-lease"}]),
    row("app_rollout", "app_rollout_revision is -1: give at least 0", revision=-1),
    # Keys, ARNs, paths
    row("s3", "s3_kms_key_id is 'rag': give a KMS key by", kms_key_id="rag"),
    row("s3", f"s3_kms_key_id is {ELSEWHERE}", kms_key_id=ELSEWHERE),
    row("secrets", "which is not in us-east-1 (platform_region)", kms_key_id=ELSEWHERE),
    row("ecr", "ecr_kms_key_id is 'alias rag'", kms_key_id="alias rag"),
    row("bastion", "bastion_kms_key_id is 'rag'", kms_key_id="rag"),
    row("network", "network_flow_log_kms_key_id is", flow_log_kms_key_id=ELSEWHERE),
    row("eks", "eks_kms_key_arn is 'alias/rag': give the ARN", kms_key_arn="alias/rag"),
    row("eks", "eks_node_volume_kms_key_arn is 'rag'", node_volume_kms_key_arn="rag"),
    row("workload_identity", "path that begins and ends with /", path="ragops"),
    row("workload_identity", "the ARN of an IAM policy", permissions_boundary="boundary"),
    row("rds", "rds_secret_readers[0] is 'ops'", secret_readers=["ops"]),
    row("elasticache", "elasticache_secret_readers[0] is 'ops'", secret_readers=["ops"]),
    row("secrets", "secrets_readers[0] is 'ops'", readers=["ops"]),
    row("app_rollout", "give the ARN of a regional web ACL", waf_acl_arn="rag"),
    row("app_rollout", "app_rollout_waf_acl_arn is arn:aws:wafv2:eu-west-1", waf_acl_arn=WEB_ACL),
    row("bastion", "name of an SSM parameter", image_parameter="ami-0123"),
    # Parts of names
    row("s3", "s3_purposes[0] is 'Doc_s': give a part", purposes=["Doc_s"]),
    row("s3", "access-logs is taken", purposes=["documents", "access-logs"]),
    row("s3", "s3_purposes has documents twice", purposes=["documents", "documents"]),
    row("ecr", "ecr_images has backend twice", images=["backend", "backend"]),
    row("network", "network_readable_buckets[0] is 'Mine_'", readable_buckets=["Mine_"]),
    row(
        "network",
        "network_extra_security_groups[0].key is 'Jump Host'",
        extra_security_groups=[{"key": "Jump Host", "description": "x"}],
    ),
    row("kms", "kms_services[0] is 'rds.amazonaws.com'", services=["rds.amazonaws.com"]),
    row("eks", "eks_addons[0].name is 'vpc cni'", addons=[{"name": "vpc cni"}]),
    row("eks", "eks_addons has coredns twice", addons=[{"name": "coredns"}, {"name": "coredns"}]),
    row("eks", "a version such as v1.2", addons=[{"name": "coredns", "version": "1.12"}]),
    row("elasticache", "a user group's id", user_group_id="Ops_Group"),
    extra("a secret's name: letters", name="a pin"),
    extra("has database-login, which the platform creates itself", name="database-login"),
    extra("has milvus-app-login, which the platform creates", name="milvus-app-login"),
    extra("the value of pin in secrets_extra is longer than 65536 bytes", value="x" * 65537),
    # Limits of AWS's
    group("labels has 51 entries, but EKS allows 50", labels={f"l{n}": "x" for n in range(51)}),
    group("max_unavailable is 0, but AWS allows 1 to 100", max_unavailable=0),
    group(
        "and max_unavailable_percentage are both set",
        max_unavailable=1,
        max_unavailable_percentage=9,
    ),
    group("has t3.medium twice", instance_types=["t3.medium", "t3.medium"]),
    group("has 21 entries, but EKS allows 20", instance_types=[f"m{n}i.large" for n in range(21)]),
    group("disk_size is 20000, but a gp3 volume has at most 16384", disk_size=20000),
    row(
        "eks", "'10.0.0.0/8', which is not a public CIDR block", allowed_cidr_blocks=["10.0.0.0/8"]
    ),
    row("eks", "give a block, such as 198.51.99.7/32", allowed_cidr_blocks=["198.51.99.7"]),
    row("eks", "of an IPv4 cluster supports IPv4", allowed_cidr_blocks=["2a00:1450::/32"]),
    row(
        "eks",
        "has 41 blocks, but EKS allows 40",
        allowed_cidr_blocks=[f"8.8.{n}.0/24" for n in range(41)],
    ),
    Row("platform", {"platform_extra_tags": {"Name": "x"}}, "sets Name on everything"),
    Row("platform", {"platform_extra_tags": {"kubernetes.io/cluster/a": "owned"}}, "controllers"),
    # Further releases
    further("cluster_addons_releases[0].name is 'My_Chart'", name="My_Chart"),
    further("cluster_addons_releases[0].namespace is 'My'", namespace="My"),
    further("is the release of the add-on metrics_server", name="metrics-server"),
    further("has no version, so it would change without notice", chart="oci://charts.example/x"),
    further("has chart nowhere, which does not exist", chart="nowhere"),
    further("has timeout 0: give at least 1", timeout=0),
    row("images", "images_platform is 'amd64': give a platform such as", platform="amd64"),
    # Machines
    group("has m7g.large (arm64), and ami_type is AL2023_x86", instance_types=["m7g.large"]),
    group(
        "has t3.medium (x86_64), and ami_type is AL2023_ARM_64_STANDARD",
        instance_types=["t4g.medium", "t3.medium"],
        ami_type="AL2023_ARM_64_STANDARD",
    ),
    row("bastion", "bastion_instance_type is t4g.micro (arm64)", instance_type="t4g.micro"),
    row("images", "would be built for linux/arm64, but no node group", platform="linux/arm64"),
    # Kubernetes, Milvus
    row("milvus", "milvus_collection_dimension is 40000: give at most", collection_dimension=40000),
    row("milvus", "milvus_namespace is 'My'", namespace="My"),
    row("milvus", "but not a namespace of Kubernetes", namespace="kube-system"),
    row("milvus", "milvus_release is 'My_Milvus'", release="My_Milvus"),
    row("milvus", "milvus_storage_class is 'GP 3'", storage_class="GP 3"),
    row("milvus", "milvus_clients[0].namespace is 'My'", clients=[{"namespace": "My"}]),
    row("milvus", "milvus_collection is 'my-documents'", collection="my-documents"),
    row("milvus", "milvus_collection_dimension is 0", collection_dimension=0),
    row("milvus", "milvus_next_collection is 'my-documents'", next_collection="my-documents"),
    row("milvus", "milvus_next_collection is 'documents', which", next_collection="documents"),
    row("milvus", "milvus_next_collection_dimension is 1", next_collection_dimension=1),
    row("milvus", "milvus_object_store_cidrs[0] is 's3'", object_store_cidrs=["s3"]),
    row("milvus", "operator is 'Equals'", tolerations=[{"key": "a", "operator": "Equals"}]),
    row("milvus", "milvus_tolerations[0].key is 1", tolerations=[{"key": 1}]),
    row("milvus", "has taint, which is not a field of a toleration", tolerations=[{"taint": "a"}]),
    row("app_rollout", "app_rollout_release is 'My_Rag'", release="My_Rag"),
    row("app_rollout", "such as https://milvus", milvus_uri="milvus:19530"),
    row("app_rollout", "app_rollout_extra_secrets.PIN is a number", extra_secrets={"PIN": 83}),
    row("app_rollout", "which is not a valid name of an environment", extra_secrets={"A-B": "x"}),
    row("cluster_addons", "api_server_cidrs[0] is 'here'", api_server_cidrs=["here"]),
    row(
        *("cluster_addons", "metrics_clients[0].namespace is 'My'"),
        metrics_clients=[{"namespace": "My"}],
    ),
    row("cluster_addons", "storage_class is 'GP 3'", storage_class="GP 3"),
    row("cluster_addons", "cluster_addons_namespaces[0].name is 'My'", namespaces=[{"name": "My"}]),
    workload("workload_identity_extra[0].namespace is 'My'", namespace="My"),
    workload("workload_identity_extra[0].service_account is 'Jobs'", service_account="Jobs"),
    workload("which is already the name of a workload", name="backend"),
    # Ranges and numbers
    row(
        "network",
        "network_nodes_internet[0] is '203.0.113.5/24'",
        nodes_internet=["203.0.113.5/24"],
    ),
    row("app_rollout", "app_rollout_history is 0: give at least 1", history=0),
    row("bastion", "bastion_disk_size is 1: give at least 8", disk_size=1),
    row("rds", "rds_wait_timeout is -5: give at least 1", wait_timeout=-5),
    row("eks", "eks_node_groups is empty, so no pod could run", node_groups=[]),
    group("disk_size is 8, but the machine image needs 20 GiB", disk_size=8),
    group("'kubernetes.io/role' is of kubernetes.io", labels={"kubernetes.io/role": "x"}),
    group("is of node-role.kubernetes.io", labels={"node-role.kubernetes.io/a": ""}),
    group("is of eks.amazonaws.com", labels={"eks.amazonaws.com/a": "b"}),
    # Versions
    row(
        "elasticache",
        "which ElastiCache does not offer for redis",
        engine="redis",
        engine_version="8.0",
    ),
    row("elasticache", "does not offer for valkey", engine="valkey", engine_version="7.1"),
    row("rds", "rds-ca-2019, which expired", ca_certificate="rds-ca-2019"),
]
