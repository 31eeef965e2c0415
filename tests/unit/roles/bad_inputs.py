"""Bad inputs and what each must be answered: one row per input, for test_inputs.py."""

from __future__ import annotations

from typing import Any, NamedTuple


class Row(NamedTuple):
    """A bad input of a component, and a part of the message that names it."""

    component: str
    inputs: dict[str, Any]
    message: str


def platform(message: str, **inputs: Any) -> Row:
    return Row("platform", inputs, message)


def network(message: str, **inputs: Any) -> Row:
    return Row("network", {f"network_{key}": value for key, value in inputs.items()}, message)


def eks(message: str, **inputs: Any) -> Row:
    return Row("eks", {f"eks_{key}": value for key, value in inputs.items()}, message)


def nodes(message: str, **group: Any) -> Row:
    return eks(message, node_groups=[{**MAIN, **group}])


def rds(message: str, **inputs: Any) -> Row:
    return Row("rds", {f"rds_{key}": value for key, value in inputs.items()}, message)


def cache(message: str, **inputs: Any) -> Row:
    return Row("elasticache", {f"elasticache_{k}": v for k, v in inputs.items()}, message)


def karpenter(message: str, **inputs: Any) -> Row:
    return addons(
        message, autoscaler="karpenter", **{f"karpenter_{key}": v for key, v in inputs.items()}
    )


def pool(message: str, **more: Any) -> Row:
    return karpenter(message, node_pools=[{**POOL, **more}])


def addons(message: str, **inputs: Any) -> Row:
    return Row("cluster_addons", {f"cluster_addons_{k}": v for k, v in inputs.items()}, message)


def app(message: str, **inputs: Any) -> Row:
    return Row("app_rollout", {f"app_rollout_{k}": v for k, v in inputs.items()}, message)


def public(message: str, **inputs: Any) -> Row:
    """An application that is to be reached from the internet."""
    return app(message, **{"host": "rag.example.com", "scheme": "internet-facing", **inputs})


def named(message: str, **inputs: Any) -> Row:
    """An application with a name in a hosted zone."""
    return app(message, **{"host": "rag.example.com", **inputs})


CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/0b7c1a2d"
COGNITO = {
    "provider": "cognito",
    "user_pool_arn": "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_a",
    "user_pool_client_id": "1a",
    "user_pool_domain": "rag",
}
MAIN = {"name": "main", "instance_types": ["t3.medium"], "min_size": 2, "max_size": 4}
POOL = {"name": "general", "limits": {"cpu": "64"}}
ROLE = "arn:aws:iam::123456789012:role/ops"

ROWS = [
    # Names, region, account, tags
    platform("platform_project is 'Rag_Ops'", platform_project="Rag_Ops"),
    platform("platform_environment is 'dev--1'", platform_environment="dev--1"),
    platform(
        "AWS allows 64 characters, so platform_name may have at most 30",
        platform_name=f"{'a' * 20}-{'b' * 20}",
    ),
    platform("platform_region is 'frankfurt'", platform_region="frankfurt"),
    *(
        platform(f"a region of the partition {partition}", platform_region=region)
        for region, partition in (
            ("cn-north-1", "aws-cn"),
            ("us-gov-west-1", "aws-us-gov"),
            ("us-iso-east-1", "aws-iso"),
            ("us-isob-east-1", "aws-iso-b"),
            ("eu-isoe-west-1", "aws-iso-e"),
            ("us-isof-south-1", "aws-iso-f"),
            ("eusc-de-east-1", "aws-eusc"),
        )
    ),
    Row("s3", {"s3_replication_region": "cn-north-1"}, "a region of the partition aws-cn"),
    Row("s3", {"s3_replication_region": "paris"}, "s3_replication_region is 'paris'"),
    network("network_zone_count must be one of: 2, 3", zone_count=4),
    platform(
        "platform_survivors has lambda, network, which keep no data",
        platform_survivors=["lambda", "rds", "network"],
    ),
    platform("platform_account_id is '1234'", platform_account_id="1234"),
    platform(
        "platform_permissions_boundary is 'boundary': give the ARN",
        platform_permissions_boundary="boundary",
    ),
    platform("sets Project, by which the platform finds", platform_extra_tags={"Project": "x"}),
    platform(
        "the prefix aws: is reserved for AWS", platform_extra_tags={"aws:cloudformation": "x"}
    ),
    platform("is too long. AWS allows 128", platform_extra_tags={"note": "x" * 300}),
    platform("has 46 tags", platform_extra_tags={f"key{n}": "x" for n in range(46)}),
    # The way to the API server
    platform("platform_access is not set, so the run does not know how", platform_access=""),
    platform("platform_access is 'office', so the run does not know", platform_access="office"),
    platform(
        "platform_access is public and platform_access_cidr_blocks is empty",
        platform_access="public",
    ),
    platform(
        "'10.1.0.0/16', which is not a public CIDR block",
        platform_access="public",
        platform_access_cidr_blocks=["10.1.0.0/16"],
    ),
    platform(
        "'office', which is not a CIDR block",
        platform_access="public",
        platform_access_cidr_blocks=["office"],
    ),
    platform(
        "platform_access_cidr_blocks opens the API server to the whole internet (::/0). ",
        platform_access="public",
        platform_access_cidr_blocks=["::/0"],
    ),
    platform(
        "needs the bastion, but platform_bastion is false",
        platform_access="tunnel",
        platform_bastion=False,
    ),
    platform(
        "but a tunnel does not use it",
        platform_access="tunnel",
        platform_access_cidr_blocks=["198.51.100.0/24"],
    ),
    platform(
        "no source is given",
        platform_access="private",
    ),
    platform(
        "'0.0.0.0/0', which is not the CIDR block of a connected network",
        platform_access="private",
        platform_access_cidr_blocks=["0.0.0.0/0"],
    ),
    platform(
        "'fd00::/8', but the rules of role network support IPv4",
        platform_access="private",
        platform_access_cidr_blocks=["fd00::/8"],
    ),
    # network
    network("network_cidr_block 'ten' is not a CIDR block", cidr_block="ten"),
    network("must be an IPv4 block between /16 and /28", cidr_block="10.0.0.0/8"),
    network(
        "169.254.0.0/16 contains addresses that no network may use", cidr_block="169.254.0.0/16"
    ),
    network("127.0.0.0/16 contains addresses that no network may use", cidr_block="127.0.0.0/16"),
    network("0.0.0.0/16 contains addresses that no network may use", cidr_block="0.0.0.0/16"),
    network("239.1.0.0/16 contains addresses that no network may use", cidr_block="239.1.0.0/16"),
    network("10.20.0.0/24 is too small to be divided", cidr_block="10.20.0.0/24"),
    network("must be 2 or 3 different zones", availability_zones=["us-east-1a"]),
    network("must be 2 or 3 different zones", availability_zones=["us-east-1a", "us-east-1a"]),
    network("must be 2 or 3 different zones", availability_zones=[f"us-east-1{z}" for z in "abcd"]),
    network(
        "has zones outside us-east-1 (platform_region): eu-west-1a",
        availability_zones=["us-east-1a", "eu-west-1a"],
    ),
    network(
        "outside the VPC's 10.20.0.0/16",
        private_subnet_cidrs=["10.30.0.0/20", "10.20.16.0/20"],
        availability_zones=["us-east-1a", "us-east-1b"],
    ),
    network(
        "10.20.0.0/20 overlaps",
        private_subnet_cidrs=["10.20.0.0/19", "10.20.0.0/20"],
        availability_zones=["us-east-1a", "us-east-1b"],
    ),
    network(
        "has 1 blocks for 2 availability zones",
        public_subnet_cidrs=["10.20.192.0/24"],
        availability_zones=["us-east-1a", "us-east-1b"],
    ),
    network("value of network_nat must be one of", nat="sometimes"),
    network(
        "'nobody' is not a security group",
        extra_flows=[{"from": "nobody", "to": "rds", "ports": "5432", "description": "x"}],
    ),
    network(
        "security group rds is in the list twice",
        extra_security_groups=[{"key": "rds", "description": "Another"}],
    ),
    network("network_flow_log_retention_days must be one of", flow_log_retention_days=17),
    # eks
    eks("eks_version is 1.28, which AWS retired on 2025-11-26", version="1.28"),
    eks("eks_version is 2.0, which AWS does not offer", version="2.0"),
    eks(
        "opens the API server to the whole internet (0.0.0.0/0). This is not allowed in ",
        allowed_cidr_blocks=["0.0.0.0/0"],
    ),
    eks(
        "opens the API server to the whole internet (192.0.0.0/2). This is not allowed in ",
        allowed_cidr_blocks=["192.0.0.0/2"],
    ),
    eks("has 'office', which is not a CIDR block", allowed_cidr_blocks=["office"]),
    eks("value of eks_upgrade_policy must be one of", upgrade_policy="NEVER"),
    eks("value of eks_logging must be one or more of", logging=["everything"]),
    eks("eks_deletion_protection is 'perhaps', a text: give true", deletion_protection="perhaps"),
    eks("eks_service_ipv4_cidr 8.8.8.0/24 must be a private block", service_ipv4_cidr="8.8.8.0/24"),
    eks("overlaps network_cidr_block", service_ipv4_cidr="10.20.240.0/20"),
    nodes("min_size 5 is greater than max_size 4", min_size=5),
    nodes("desired_size 9 is not between", desired_size=9),
    nodes("max_size 500 is above the AWS quota of 450", max_size=500),
    nodes("'huge' is not an instance type", instance_types=["huge"]),
    eks(
        "min_size and max_size are required",
        node_groups=[{"name": "main", "instance_types": ["t3.medium"]}],
    ),
    nodes("instance_types is empty", instance_types=[]),
    nodes("the name must be letters, digits", name="main nodes"),
    nodes("max_unavailable_percentage is 0", max_unavailable_percentage=0),
    nodes("value of capacity_type must be one of", capacity_type="CHEAP"),
    nodes("value of effect must be one of", taints=[{"key": "a", "effect": "SOMETIMES"}]),
    eks(
        "has main twice",
        node_groups=[MAIN, MAIN],
    ),
    nodes("the name may have at most 61 characters. It has 62", name="m" * 62, zonal=True),
    eks(
        "node group main-b has the same name as the group that zonal creates for main",
        node_groups=[{**MAIN, "zonal": True}, {**MAIN, "name": "main-b"}],
    ),
    eks(
        "eks_addons[0].configuration is a text: give a dictionary",
        addons=[{"name": "coredns", "configuration": "replicaCount=2"}],
    ),
    eks(
        "eks_addons_before_nodes[0].configuration.enableNetworkPolicy is True, yes or no: EKS's",
        addons_before_nodes=[{"name": "vpc-cni", "configuration": {"enableNetworkPolicy": True}}],
    ),
    eks(
        "configuration.env.WARM_IP_TARGET is 3, a number: EKS's schema of vpc-cni takes a text",
        addons_before_nodes=[{"name": "vpc-cni", "configuration": {"env": {"WARM_IP_TARGET": 3}}}],
    ),
    eks(
        "eks_addons_before_nodes and eks_addons both have vpc-cni. Remove it from one",
        addons=[{"name": "vpc-cni"}],
        addons_before_nodes=[{"name": "vpc-cni"}],
    ),
    eks("has 'root'. Give the ARN", access_entries=[{"principal_arn": "root"}]),
    eks(
        "'cluster admin' is not an EKS access policy",
        access_entries=[{"principal_arn": ROLE, "policies": [{"policy_arn": "cluster admin"}]}],
    ),
    # rds
    rds("rds_instance_class is 't3.micro'", instance_class="t3.micro"),
    rds("rds_engine_version is 11: PostgreSQL majors in standard support", engine_version="11"),
    rds("rds_engine_version is 'newest'", engine_version="newest"),
    rds("rds_allocated_storage is 5", allocated_storage=5),
    rds("at least 10 percent above", allocated_storage=100, max_allocated_storage=100),
    rds("rds_storage_type io2 needs iops", storage_type="io2"),
    rds("rds_storage_type io1 needs at least 100 GiB", storage_type="io1", iops=1000),
    rds(
        "rds_iops is 3000, but AWS allows 12000 to 64000",
        allocated_storage=400,
        max_allocated_storage=500,
        iops=3000,
    ),
    rds("rds_backup_retention_days is 0", backup_retention_days=0),
    rds("rds_backup_retention_days is 99", backup_retention_days=99),
    rds("rds_backup_window is 'at night'", backup_window="at night"),
    rds("overlap", backup_window="04:00-04:30", maintenance_window="sun:04:00-sun:05:00"),
    rds("value of rds_monitoring_interval must be one of", monitoring_interval=7),
    rds("rds_performance_insights_retention_days is 8", performance_insights_retention_days=8),
    rds("rds_master_password_rotation_days is 0", master_password_rotation_days=0),
    rds(
        "rds_master_password_rotation_schedule is 'monthly'",
        master_password_rotation_schedule="monthly",
    ),
    rds("rds_master_password_rotation_window is '30m'", master_password_rotation_window="30m"),
    rds("value of rds_master_password_keeper must be one of", master_password_keeper="nobody"),
    # elasticache
    cache("elasticache_node_type is 't3.micro'", node_type="t3.micro"),
    cache("elasticache_node_type is 'cache.t3.mirco'", node_type="cache.t3.mirco"),
    cache("elasticache_node_type is 'cache.large'", node_type="cache.large"),
    cache("elasticache_replicas is 9, but must be 0 to 5", replicas=9),
    cache("multi_az needs at least one replica", multi_az=True, replicas=0),
    cache("snapshot_retention_days is 90", snapshot_retention_days=90),
    cache("engine_version is 'seven'", engine_version="seven"),
    cache("value of elasticache_engine must be one of", engine="memcached"),
    cache("overlap", snapshot_window="05:00-06:00", maintenance_window="sun:05:00-sun:06:00"),
    # s3, ecr, secrets, kms
    Row("s3", {"s3_transition_days": 7}, "s3_transition_days is 7"),
    Row("s3", {"s3_noncurrent_days": 0}, "s3_noncurrent_days is 0"),
    Row("s3", {"s3_replication_region": "us-east-1"}, "the region of the platform"),
    Row("ecr", {"ecr_keep_images": 0}, "ecr_keep_images is 0"),
    Row("ecr", {"ecr_untagged_days": 0}, "ecr_untagged_days is 0"),
    Row("ecr", {"ecr_images": ["Back End"]}, "ecr_images has 'Back End'"),
    Row("secrets", {"secrets_recovery_window_days": 3}, "secrets_recovery_window_days is 3"),
    Row("secrets", {"secrets_openai_api_key": "sk- 1"}, "secrets_openai_api_key contains spaces"),
    Row("kms", {"kms_deletion_window": 3}, "kms_deletion_window is 3"),
    Row("kms", {"kms_rotation_days": 10}, "kms_rotation_days is 10"),
    # cluster_addons
    Row(
        "cluster_addons",
        {"cluster_addons_external_secrets_scope": "Rag_Ops"},
        "cluster_addons_external_secrets_scope is 'Rag_Ops', which is not a valid name",
    ),
    karpenter("karpenter_chart_version is 1.0.1; Kubernetes", chart_version="1.0.1"),
    karpenter("karpenter_image_tag is 'latest'", image_tag="latest"),
    karpenter("ami_alias is 'al2023@newest'", node_class={"ami_alias": "al2023@newest"}),
    karpenter("disk_size is 10: the image needs 20", node_class={"disk_size": 10}),
    karpenter("is 'alias/x', which is not an ARN", node_class={"kms_key_arn": "alias/x"}),
    karpenter("cluster_addons_karpenter_node_pools is empty", node_pools=[]),
    karpenter("has general twice", node_pools=[POOL, POOL]),
    karpenter("cluster_addons_karpenter_timeout is 5", timeout=5),
    karpenter("is turned on and also listed in", node_pools=[POOL])._replace(
        inputs={"cluster_addons_autoscaler": "karpenter", "cluster_addons_remove": ["karpenter"]}
    ),
    karpenter("missing required arguments: limits", node_pools=[{"name": "general"}]),
    pool("the name must be lower-case letters", name="My pool"),
    pool("limits has cpu 'many', which is not a quantity", limits={"cpu": "many"}),
    pool("expire_after is 'soon', which is not a duration", expire_after="soon"),
    pool("weight is 200", weight=200),
    pool(
        "label karpenter.sh/nodepool is reserved by Karpenter",
        labels={"karpenter.sh/nodepool": "x"},
    ),
    pool("a budget has nodes 'some'", budgets=[{"nodes": "some"}]),
    pool("one of schedule and duration", budgets=[{"nodes": "0", "schedule": "@daily"}]),
    pool("value of capacity_types must be one or more of", capacity_types=["cheap"]),
    addons(
        "cluster_addons_external_secrets_chart_version is empty",
        external_secrets=True,
        external_secrets_chart_version="",
    ),
    addons(
        "/nowhere/chart, which does not exist",
        load_balancer_controller=True,
        load_balancer_controller_chart="/nowhere/chart",
    ),
    addons(
        "cluster_addons_load_balancer_controller_image_tag is 'latest'",
        load_balancer_controller=True,
        load_balancer_controller_image_tag="latest",
    ),
    addons("without a scheme", image_mirror="https://mirror.example"),
    addons("It must start with oci:// or https://", chart_mirror="mirror.example/charts"),
    addons(
        "image_tag is v1.30.0, and the cluster is",
        autoscaler="cluster_autoscaler",
        cluster_autoscaler_image_tag="v1.30.0",
    ),
    addons(
        "is turned on and also listed in cluster_addons_remove",
        external_secrets=True,
        remove=["external_secrets"],
    ),
    addons("eks_addons has metrics-server, too", metrics_server=True),
    addons("at least one pod", replicas=0),
    rds("rds_application_username is 'ragops'. Give a name", application_username="ragops"),
    rds("rds_application_username is 'rds_app'. Give a name", application_username="rds_app"),
    app("is '/no/such/bundle.pem', which cannot be read: ", database_ca="/no/such/bundle.pem"),
    app("which contains no certificate", database_ca="/dev/null"),
    # Who reaches the application
    app("app_rollout_ingress is true, and app_rollout_host is empty", ingress=True),
    app("app_rollout_host is 'https://rag.example.com'", host="https://rag.example.com"),
    app("app_rollout_host is '*.example.com'", host="*.example.com"),
    public("app_rollout_certificate_arn is empty. Documents and questions would cross"),
    public("and everybody could use the application", certificate_arn=CERTIFICATE),
    public(
        "has 0.0.0.0/0, which allows everybody",
        certificate_arn=CERTIFICATE,
        inbound_cidrs=["203.0.113.0/24", "0.0.0.0/0"],
    ),
    public(
        "has 0.0.0.0/1, 128.0.0.0/1, which allows everybody",
        certificate_arn=CERTIFICATE,
        inbound_cidrs=["0.0.0.0/1", "128.0.0.0/1"],
    ),
    app("inbound_cidrs has '10.0.0.1/8', which is not a CIDR block", inbound_cidrs=["10.0.0.1/8"]),
    app("app_rollout_certificate_arn is 'mine', which is no", certificate_arn="mine"),
    app(
        "is one of eu-west-1, but a load balancer needs a certificate of its own region",
        certificate_arn=CERTIFICATE.replace("us-east-1", "eu-west-1"),
    ),
    app("app_rollout_sign_in has no provider", sign_in={"issuer": "https://id.example.com"}),
    app("app_rollout_sign_in needs app_rollout_certificate_arn or", sign_in=COGNITO),
    app("and app_rollout_host is empty. Set app_rollout_host", hosted_zone="example.com"),
    named("is not in app_rollout_hosted_zone ample.com", hosted_zone="ample.com"),
    app(
        "lacks user_pool_domain, which provider cognito needs",
        sign_in={**COGNITO, "user_pool_domain": ""},
    ),
    app(
        "authorization_endpoint must begin with https://",
        sign_in={"provider": "oidc", "authorization_endpoint": "http://id.example.com"},
    ),
    app(
        "annotations has alb.ingress.kubernetes.io/scheme. These settings have their own inputs",
        values={"ingress": {"annotations": {"alb.ingress.kubernetes.io/scheme": "x"}}},
    ),
    app(
        "and everybody could use the application",
        host="a.example",
        values={"ingress": {"scheme": "internet-facing"}},
    ),
]
