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
  - Returns the ids and endpoints of the resources of one platform. Finds them by the tags
    C(Project), C(Environment) and C(ManagedBy), and by names that begin with
    C(<project>-<environment>). The value of C(ManagedBy) is C(ragops.platform).
  - A resource with such a name and other tags belongs to somebody else. The module fails if the
    name must be unique; otherwise it ignores that resource.
  - Reads all services in parallel.
  - O(application) also reads the running release, from the cluster.
  - Only reads. There is no state file; the state is read from AWS each time.
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
      - The components to read. RV(resources) contains only these. Defaults to all components.
      - Components without AWS resources (C(images), C(health)) are also accepted, so that the list
        may be all hosts of the platform.
      - Fewer components need fewer permissions.
    type: list
    elements: str
  application:
    description:
      - Also reads which release of the application runs, and whether it was verified.
      - Needs the RBAC verbs C(list) on secrets and C(get) on configmaps in the namespace. Only the
        metadata of the Secrets is read.
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
            M(ragops.platform.eks_cluster_info) writes. Defaults to the usual places.
        type: raw
      context:
        description: Context of the kubeconfig. Defaults to the current context.
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
  description: The components that have at least one resource, sorted.
  returned: always
  type: list
  elements: str
  sample: [kms, network]
exists:
  description: Whether any resource of the platform exists.
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
  description: The newest revision of the release. Null if there is no release.
  returned: with O(application)
  type: dict
  contains:
    release:
      description: Name of the Helm release.
      type: str
      returned: always
    namespace:
      description: Namespace of the release.
      type: str
      returned: always
    revision:
      description: Number of the revision.
      type: int
      returned: always
      sample: 7
    status:
      description: Status that Helm reports.
      type: str
      returned: always
      sample: deployed
    verified:
      description: Whether the release was verified end to end and recorded. If not, all values
        below are null.
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
      description: Checksum of the folder of the chart. Empty for a chart from a registry.
      type: str
      returned: always
    app_version:
      description: Version of the application that the chart is made for.
      type: str
      returned: always
      sample: 0.1.0
    version:
      description: Tag of the backend image.
      type: str
      returned: always
    images:
      description: The images (backend, frontend), each with C(repository), C(digest), C(tag) and
        C(version).
      type: dict
      returned: always
    verified_at:
      description: Time of the verification, in UTC.
      type: str
      returned: always
      sample: "2026-11-28T12:00:00Z"
    verified_by:
      description: ARN of the identity that verified the release.
      type: str
      returned: always
resources:
  description:
    - Ids and endpoints by component. All keys always exist. A missing resource is V(null), an empty
      list or an empty dictionary.
  returned: always
  type: dict
  contains:
    network:
      description: VPC, subnets (sorted by availability zone), and security groups by key.
      type: dict
      returned: when read
      contains:
        vpc_id:
          description: The VPC.
          type: str
          returned: always
        cidr_block:
          description: Primary CIDR block of the VPC.
          type: str
          returned: always
        private_subnet_ids:
          description: Private subnets.
          type: list
          elements: str
          returned: always
        public_subnet_ids:
          description: Public subnets, which have the tag C(kubernetes.io/role/elb).
          type: list
          elements: str
          returned: always
        private_subnet_zones:
          description: Zones of the private subnets, in the same order.
          type: list
          elements: str
          returned: always
        private_subnet_cidrs:
          description: IPv4 blocks of the private subnets, in the same order.
          type: list
          elements: str
          returned: always
        public_subnet_cidrs:
          description: IPv4 blocks of the public subnets, in the same order.
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
            - Security groups by name, without C(<name>-) and with C(_) for C(-).
            - The keys eks_cluster, eks_nodes, rds and elasticache always exist.
          type: dict
          returned: always
        nat_gateway_ids:
          description: NAT gateways, except deleted ones.
          type: list
          elements: str
          returned: always
        elastic_ip_ids:
          description: Allocation ids of the Elastic IPs.
          type: list
          elements: str
          returned: always
        vpc_endpoint_ids:
          description: VPC endpoints, except deleted ones.
          type: list
          elements: str
          returned: always
    kms:
      description: The KMS key of the platform.
      type: dict
      returned: when read
      contains:
        key_arn:
          description: ARN of the key. Null if its deletion is scheduled.
          type: str
          returned: always
        alias:
          description: Alias of the key.
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
          description: Status that AWS reports.
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
          description: The security group that EKS created for the cluster.
          type: str
          returned: always
        node_groups:
          description:
            - Node groups, each with name, status, version, ami_type, release_version,
              instance_types, min_size, max_size, desired_size and managed_by. The last is the value
              of the tag C(ManagedBy).
          type: list
          elements: dict
          returned: always
        launch_templates:
          description: Names of the node groups that have a launch template, even if there is no
            cluster.
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
          C(password), whether RDS or the platform manages it.
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
        - ARNs of the secrets, never values. Keys database_url, database_login, database_app_login,
          redis_url, redis_auth_token, openai_api_key, milvus_token, milvus_app_login, api_key,
          api_key_previous, and all other secrets under C(<name>/).
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
  description: Values that people often look up, in the order of the components.
  returned: always
  type: dict
  contains:
    lines:
      description: Lines to print, by label. Null if there is no value yet.
      type: dict
      returned: always
      sample: {VPC: vpc-0123456789abcdef0, PostgreSQL: null}
    summary:
      description: A short form of the same lines, with states.
      type: dict
      returned: always
    variables:
      description: Values by the name of a shell variable. Null if there is no value yet.
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
            msg=f"components has {', '.join(unknown)}. Allowed are {', '.join(sorted(READ))}."
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
        module.fail_json(msg=f"The application of {scope.name} cannot be read: {error}")
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
