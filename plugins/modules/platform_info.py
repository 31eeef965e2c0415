#!/usr/bin/python
# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Read everything of one platform environment from AWS, and what runs in its cluster."""

DOCUMENTATION = r"""
---
module: platform_info
version_added: 0.1.0
short_description: Read all resources of one platform environment from AWS
description:
  - Finds the resources of one platform by the tags C(Project), C(Environment) and C(ManagedBy)
    (C(ragops.platform)) and by their names, which all begin with C(<project>-<environment>), and
    returns ids and endpoints.
  - What has such a name and other tags is somebody else's. It is an error where ours can't stand
    beside it, and is passed over where it can.
  - All services are read at the same time in one process.
  - What runs in the cluster is read with O(application), from the cluster, at the same time.
  - Reads only. There is no state file, AWS is the state.
options:
  project:
    description: Value of the tag C(Project), first part of all names.
    type: str
    required: true
  environment:
    description: Value of the tag C(Environment), second part of all names.
    type: str
    required: true
  components:
    description:
      - The components to read, as in RV(resources), which leaves the others out. All by default.
      - Those that have nothing in AWS to be looked up (C(images), C(health)) may be named, too, so
        that it takes the hosts of the platform.
      - Reading fewer needs fewer permissions.
    type: list
    elements: str
  application:
    description:
      - Reads, too, which release of the application runs, and what was verified of it.
      - Needs the RBAC verbs C(list) on secrets and C(get) on configmaps in the namespace. Of the
        Secrets their metadata alone is read.
    type: dict
    suboptions:
      namespace:
        description: Namespace of the release.
        type: str
        required: true
      release:
        description: Name of the Helm release.
        type: str
        default: rag
      kubeconfig:
        description:
          - Path or content of a kubeconfig of the cluster, such as
            M(ragops.platform.eks_cluster_info) writes. Without it the usual places are looked at.
        type: raw
      context:
        description: Context of the kubeconfig; its current one by default.
        type: str
extends_documentation_fragment:
  - ragops.platform.reading
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Read the platform
  ragops.platform.platform_info:
    project: ragops
    environment: dev
    region: us-east-1
  register: platform

- name: Read only what the database needs
  ragops.platform.platform_info:
    project: ragops
    environment: dev
    region: us-east-1
    components: [network, kms]
  register: neighbours

- name: Read which versions and digests run
  ragops.platform.platform_info:
    project: ragops
    environment: dev
    region: us-east-1
    components: [ecr]
    application:
      namespace: rag
      kubeconfig: /run/user/1000/ragops-dev.kubeconfig
  register: running

- name: Assert that nothing is left
  ansible.builtin.assert:
    that: platform['found'] == []
"""

RETURN = r"""
found:
  description: The components of which anything exists, sorted.
  returned: always
  type: list
  elements: str
  sample: [kms, network]
exists:
  description: Whether anything of the platform exists.
  returned: always
  type: bool
account_id:
  description: The AWS account that was read.
  returned: always
  type: str
  sample: "123456789012"
name:
  description: C(<project>-<environment>).
  returned: always
  type: str
  sample: ragops-dev
region:
  description: The region that was read.
  returned: always
  type: str
  sample: us-east-1
application:
  description: The newest revision of the release; null without a release.
  returned: with O(application)
  type: dict
  contains:
    release:
      description: Name of the Helm release.
      type: str
      returned: always
    namespace:
      description: Its namespace.
      type: str
      returned: always
    revision:
      description: Number of the revision.
      type: int
      returned: always
      sample: 7
    status:
      description: What Helm says of it.
      type: str
      returned: always
      sample: deployed
    verified:
      description: Whether it answered a question end to end, and was recorded. What follows is null
        otherwise.
      type: bool
      returned: always
    chart:
      description: Name and version of the chart.
      type: str
      returned: always
      sample: rag-platform-0.1.0
    chart_version:
      description: Version of the chart.
      type: str
      returned: always
      sample: 0.1.0
    chart_checksum:
      description: Checksum of the chart's folder; empty for a chart from a registry.
      type: str
      returned: always
    app_version:
      description: Version of the application that the chart is made for.
      type: str
      returned: always
      sample: 0.1.0
    version:
      description: Tag of the backend's image.
      type: str
      returned: always
    images:
      description: By name (backend, frontend) C(repository), C(digest), C(tag) and C(version).
      type: dict
      returned: always
    verified_at:
      description: When it was verified, UTC.
      type: str
      returned: always
      sample: "2026-11-28T12:00:00Z"
    verified_by:
      description: ARN of the identity that did.
      type: str
      returned: always
resources:
  description:
    - Ids and endpoints by component. Every key is always there; what does not exist is V(null),
      an empty list or an empty dict.
  returned: always
  type: dict
  contains:
    network:
      description: VPC, subnets in order of availability zone, security groups by key.
      type: dict
      returned: when read
      contains:
        vpc_id:
          description: The VPC.
          type: str
          returned: always
        cidr_block:
          description: The VPC's primary range.
          type: str
          returned: always
        private_subnet_ids:
          description: Subnets without a public address.
          type: list
          elements: str
          returned: always
        public_subnet_ids:
          description: Subnets tagged kubernetes.io/role/elb.
          type: list
          elements: str
          returned: always
        private_subnet_zones:
          description: Their zones, in the order of private_subnet_ids.
          type: list
          elements: str
          returned: always
        private_subnet_cidrs:
          description: Their IPv4 blocks, in the order of private_subnet_ids.
          type: list
          elements: str
          returned: always
        public_subnet_cidrs:
          description: Their IPv4 blocks, in the order of public_subnet_ids.
          type: list
          elements: str
          returned: always
        availability_zones:
          description: Zones of all subnets.
          type: list
          elements: str
          returned: always
        security_group_ids:
          description:
            - Groups by name without C(<name>-) and with C(_) for C(-).
            - eks_cluster, eks_nodes, rds and elasticache are always there.
          type: dict
          returned: always
        nat_gateway_ids:
          description: NAT gateways that are not deleted.
          type: list
          elements: str
          returned: always
        elastic_ip_ids:
          description: Allocation ids of addresses.
          type: list
          elements: str
          returned: always
        vpc_endpoint_ids:
          description: Endpoints that are not deleted.
          type: list
          elements: str
          returned: always
    kms:
      description: The platform's key.
      type: dict
      returned: when read
      contains:
        key_arn:
          description: ARN of the key; null when it is to be deleted.
          type: str
          returned: always
        alias:
          description: Its alias.
          type: str
          returned: always
    eks:
      description: The cluster.
      type: dict
      returned: when read
      contains:
        name:
          description: Name.
          type: str
          returned: always
        arn:
          description: ARN.
          type: str
          returned: always
        version:
          description: Kubernetes minor version.
          type: str
          returned: always
        status:
          description: As AWS reports it.
          type: str
          returned: always
          sample: ACTIVE
        endpoint:
          description: URL of the API server.
          type: str
          returned: always
        oidc_issuer:
          description: URL of the issuer of service account tokens.
          type: str
          returned: always
        security_group_id:
          description: The security group that EKS made for the cluster.
          type: str
          returned: always
        node_groups:
          description:
            - Each with name, status, version, ami_type, release_version, instance_types, min_size,
              max_size, desired_size, managed_by (the value of its tag C(ManagedBy)).
          type: list
          elements: dict
          returned: always
        launch_templates:
          description: Node groups that have a launch template; also without a cluster.
          type: list
          elements: str
          returned: always
        addons:
          description: Names of EKS add-ons.
          type: list
          elements: str
          returned: always
    rds:
      description:
        - The database. Keys identifier, arn, status, endpoint, port, db_name, master_username,
          master_secret_arn, multi_az, engine_version. The secret is JSON with C(username) and
          C(password), whether RDS keeps it or the platform does.
      type: dict
      returned: when read
    elasticache:
      description:
        - The replication group. Keys replication_group_id, arn, status, endpoint, port, tls,
          multi_az.
      type: dict
      returned: when read
    s3:
      description: Names of the buckets. Keys documents, embeddings.
      type: dict
      returned: when read
    ecr:
      description: URIs of the repositories. Keys backend, frontend, and registry (the host).
      type: dict
      returned: when read
    secrets:
      description:
        - ARNs, never values. Keys database_url, database_login, database_app_login, redis_url,
          redis_auth_token, openai_api_key, milvus_token, milvus_app_login, and what else is under
          C(<name>/).
      type: dict
      returned: when read
    iam:
      description: ARNs of roles by key (roles) and of OIDC providers (oidc_provider_arns).
      type: dict
      returned: when read
    logs:
      description: Names of log groups (groups).
      type: dict
      returned: when read
outputs:
  description: What people look up of the components that were read, in their order.
  returned: always
  type: dict
  contains:
    lines:
      description: Lines to print, by label; null where there is nothing yet.
      type: dict
      returned: always
      sample: {VPC: vpc-0123456789abcdef0, PostgreSQL: null}
    summary:
      description: The same in short, with states.
      type: dict
      returned: always
    variables:
      description: Values by the name of a shell's variable; null where there is nothing yet.
      type: dict
      returned: always
      sample: {VPC_ID: vpc-0123456789abcdef0, DATABASE_HOST: null}
"""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.ragops.platform.plugins.module_utils._platform.application import (
    application,
)
from ansible_collections.ragops.platform.plugins.module_utils._platform.read import (
    found,
    outputs,
    read,
)
from ansible_collections.ragops.platform.plugins.module_utils._platform.scope import (
    Connect,
    Scope,
    account,
)
from ansible_collections.ragops.platform.plugins.module_utils.aws import (
    AwsError,
    client,
    fail,
    require_region,
)
from ansible_collections.ragops.platform.plugins.module_utils.components import ALL, READ
from ansible_collections.ragops.platform.plugins.module_utils.kube import Kube, KubeError
from ansible_collections.ragops.platform.plugins.module_utils.kubeconfig import ACCESS, secrets_of

WHERE: dict[str, Any] = {
    "namespace": {"type": "str", "required": True},
    "release": {"type": "str", "default": "rag"},
    **ACCESS,
}
"""Argument specification of the option `application`."""


def read_application(where: dict[str, Any]) -> dict[str, Any] | None:
    """Read what runs in the cluster that `where` (option application) names."""
    kube = Kube(where["kubeconfig"], where["context"])
    return application(kube, where["namespace"], where["release"])


def read_all(
    connect: Connect, scope: Scope, components: list[str], where: dict[str, Any] | None
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read components and application at the same time; the first failure in their order is raised.

    Returns:
        What there is by component, and what the module returns of the application: nothing unless
        `where` says where it is.
    """
    with ThreadPoolExecutor(max_workers=len(READ) + 1) as pool:
        running = pool.submit(read_application, where) if where else None
        resources = read(pool, connect, scope, components)
        return resources, {"application": running.result()} if running else {}


def main() -> None:
    """Entry point of the module."""
    module = AnsibleAWSModule(
        argument_spec={
            "project": {"type": "str", "required": True},
            "environment": {"type": "str", "required": True},
            "components": {"type": "list", "elements": "str"},
            "application": {"type": "dict", "options": WHERE},
        },
        supports_check_mode=True,
    )
    region, options = require_region(module), module.params
    components = list(READ) if options["components"] is None else options["components"]
    if unknown := sorted({*components} - {each.name for each in ALL}):
        module.fail_json(
            msg=f"components has {', '.join(unknown)}; there are {', '.join(sorted(READ))}."
        )
    module.no_log_values |= secrets_of((options["application"] or {}).get("kubeconfig"))
    try:
        account_id = account(lambda service: client(module, service))
        scope = Scope(options["project"], options["environment"], region, account_id)
        resources, running = read_all(
            lambda service: client(module, service),
            scope,
            components,
            options["application"],
        )
    except AwsError as error:
        fail(module, error)
    except KubeError as error:
        module.fail_json(msg=f"What runs of {scope.name} can't be read: {error}")
    existing = found(resources)
    module.exit_json(
        changed=False,
        account_id=account_id,
        name=scope.name,
        region=region,
        resources=resources,
        found=existing,
        exists=bool(existing),
        outputs=outputs(resources),
        **running,
    )


if __name__ == "__main__":
    main()
