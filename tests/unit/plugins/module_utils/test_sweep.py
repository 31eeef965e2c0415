"""What no emulator has: classic load balancers, and what AWS says while it is at work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import boto3
import pytest
from ansible_collections.ragops.platform.plugins.module_utils._platform.scope import Scope
from ansible_collections.ragops.platform.plugins.module_utils._sweep.balancers import load_balancers
from ansible_collections.ragops.platform.plugins.module_utils._sweep.item import Item, reason
from ansible_collections.ragops.platform.plugins.module_utils._sweep.sweep import (
    judge,
    parse,
    tagged,
)
from ansible_collections.ragops.platform.plugins.module_utils.aws import AwsError
from ansible_collections.ragops.platform.plugins.module_utils.components import ALL
from botocore.stub import Stubber

SCOPE = Scope("ragops", "dev", "us-east-1", "123456789012")
TAGS = {"Project": "ragops", "Environment": "dev", "ManagedBy": "ragops.platform"}
OURS = [{"Key": key, "Value": value} for key, value in TAGS.items()]
CLUSTER = [{"Key": "kubernetes.io/cluster/ragops-dev", "Value": "owned"}]


class Stubs:
    """Clients by service, each answering what it was told, in order."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._stubbers: dict[str, Stubber] = {}

    def __call__(self, service: str) -> Any:
        return self.stubber(service).client

    def stubber(self, service: str) -> Stubber:
        if service not in self._stubbers:
            client = boto3.client(
                service, region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
            )
            self._stubbers[service] = self._stack.enter_context(Stubber(client))
        return self._stubbers[service]

    def add(self, service: str, operation: str, answer: dict[str, Any]) -> None:
        self.stubber(service).add_response(operation, answer)


@pytest.fixture
def aws() -> Iterator[Stubs]:
    with ExitStack() as stack:
        yield Stubs(stack)


def left(component: str, aws: Stubs, scope: Scope) -> list[Item]:
    """What the only finder of a component finds."""
    (finder,) = next(each for each in ALL if each.name == component).leftovers
    return finder(aws, scope)


QUEUE = "arn:aws:sqs:us-east-1:123456789012:ragops-dev-karpenter"
RULE = "arn:aws:events:us-east-1:123456789012:rule/ragops-dev-karpenter-health"


def named(aws: Stubs) -> None:
    """Let the tagging API name a queue and a rule, deleted or not."""
    listed = [{"ResourceARN": arn, "Tags": OURS} for arn in (QUEUE, RULE)]
    aws.add("resourcegroupstaggingapi", "get_resources", {"ResourceTagMappingList": listed})
    aws.add("resourcegroupstaggingapi", "get_resources", {"ResourceTagMappingList": []})


def test_what_the_tagging_api_still_names_after_its_end_is_not_left(aws: Stubs) -> None:
    named(aws)
    aws.stubber("sqs").add_client_error("get_queue_url", "AWS.SimpleQueueService.NonExistentQueue")
    aws.stubber("events").add_client_error("describe_rule", "ResourceNotFoundException")
    assert tagged(aws, SCOPE) == []


@pytest.mark.parametrize("refused", [False, True])
def test_what_is_there_or_may_not_be_looked_at_is_left(aws: Stubs, refused: bool) -> None:
    named(aws)
    if refused:
        aws.stubber("sqs").add_client_error("get_queue_url", "AccessDenied")
        aws.stubber("events").add_client_error("describe_rule", "AccessDeniedException")
    else:
        aws.add("sqs", "get_queue_url", {"QueueUrl": "https://queue"})
        aws.add("events", "describe_rule", {"Name": "ragops-dev-karpenter-health"})
    assert {item.id for item in tagged(aws, SCOPE)} == {QUEUE, RULE}


def test_keys_of_others_may_hide_their_tags_but_not_all(aws: Stubs) -> None:
    """Without the permission no key would be found, and nothing left would be said."""
    keys = {"Keys": [{"KeyId": "a"}, {"KeyId": "b"}]}
    kms = aws.stubber("kms")
    for answered in (False, True):
        aws.add("kms", "list_keys", keys)
        kms.add_client_error("list_resource_tags", "AccessDeniedException")
        if answered:
            aws.add("kms", "list_resource_tags", {"Tags": []})
            assert left("kms", aws, SCOPE) == []
        else:
            kms.add_client_error("list_resource_tags", "AccessDeniedException")
            with pytest.raises(AwsError, match="not allowed to kms:ListResourceTags"):
                left("kms", aws, SCOPE)


def test_classic_load_balancers_of_services_are_found(aws: Stubs) -> None:
    """Kubernetes' own AWS provider makes them, by its tag; one without lies in our VPC."""
    aws.add("ec2", "describe_vpcs", {"Vpcs": [{"VpcId": "vpc-1", "Tags": OURS}]})
    aws.add("elbv2", "describe_load_balancers", {"LoadBalancers": []})
    aws.add("elbv2", "describe_target_groups", {"TargetGroups": []})
    names = {"a": "vpc-9", "b": "vpc-1", "c": "vpc-9"}
    listed = [{"LoadBalancerName": name, "VPCId": vpc} for name, vpc in names.items()]
    aws.add("elb", "describe_load_balancers", {"LoadBalancerDescriptions": listed})
    tags = [{"LoadBalancerName": "a", "Tags": CLUSTER}]
    aws.add("elb", "describe_tags", {"TagDescriptions": tags})
    found = {item.id: item for item in load_balancers(aws, SCOPE)}
    assert set(found) == {"a", "b"}
    assert found["a"].billed
    assert found["a"].why.startswith("made by the cluster")
    assert found["b"].why == "is in the VPC of the platform, vpc-1"


def test_tags_are_asked_for_twenty_at_a_time(aws: Stubs) -> None:
    aws.add("ec2", "describe_vpcs", {"Vpcs": []})
    arns = [f"arn:{number}" for number in range(45)]
    balancers = [{"LoadBalancerArn": arn, "LoadBalancerName": arn} for arn in arns]
    aws.add("elbv2", "describe_load_balancers", {"LoadBalancers": balancers})
    aws.add("elbv2", "describe_target_groups", {"TargetGroups": []})
    aws.add("elb", "describe_load_balancers", {"LoadBalancerDescriptions": []})
    for some in (arns[:20], arns[20:40], arns[40:]):
        tags = [{"ResourceArn": arn, "Tags": CLUSTER} for arn in some]
        expected = {"ResourceArns": some}
        aws.stubber("elbv2").add_response("describe_tags", {"TagDescriptions": tags}, expected)
    assert len(load_balancers(aws, SCOPE)) == 45


def test_a_bucket_that_may_not_be_read_is_somebody_elses(aws: Stubs) -> None:
    buckets = [{"Name": "ragops-dev-of-a-stranger"}, {"Name": "ragops-dev-documents-123456789012"}]
    aws.add("s3", "list_buckets", {"Buckets": buckets})
    aws.stubber("s3").add_client_error("get_bucket_tagging", "AccessDenied")
    aws.add("s3", "get_bucket_tagging", {"TagSet": OURS})
    assert [item.id for item in left("s3", aws, SCOPE)] == ["ragops-dev-documents-123456789012"]


def test_our_own_bucket_that_may_not_be_read_is_not_passed_over(aws: Stubs) -> None:
    """Without the permission nothing would be found, and nothing left would be said."""
    aws.add("s3", "list_buckets", {"Buckets": [{"Name": "ragops-dev-documents-123456789012"}]})
    aws.stubber("s3").add_client_error("get_bucket_tagging", "AccessDenied")
    with pytest.raises(AwsError, match="not allowed to s3:GetBucketTagging"):
        left("s3", aws, SCOPE)


def test_a_refused_look_names_the_permission(aws: Stubs) -> None:
    aws.stubber("logs").add_client_error("describe_log_groups", "AccessDeniedException")
    with pytest.raises(AwsError, match="not allowed to logs:DescribeLogGroups"):
        left("logs", aws, SCOPE)


@pytest.mark.parametrize(
    ("tags", "why"),
    [
        (TAGS, "tagged Project=ragops, Environment=dev, ManagedBy=ragops.platform"),
        ({**TAGS, "Environment": "dev-2"}, ""),
        ({**TAGS, "ManagedBy": "terraform"}, ""),
        ({"Project": "ragops", "Environment": "dev"}, ""),
        ({"kubernetes.io/cluster/ragops-dev": "shared"}, ""),
        ({"kubernetes.io/cluster/ragops-devel": "owned"}, ""),
        (
            {"karpenter.sh/nodepool": "x", "kubernetes.io/cluster/ragops-dev": "owned"},
            "made by the cluster (tagged kubernetes.io/cluster/ragops-dev=owned)",
        ),
        (
            {"eks:cluster-name": "ragops-dev"},
            "made by the cluster (tagged eks:cluster-name=ragops-dev)",
        ),
    ],
)
def test_ownership_is_by_tags(tags: dict[str, str], why: str) -> None:
    assert reason(SCOPE, tags) == why


@pytest.mark.parametrize(
    ("arn", "parsed"),
    [
        ("arn:aws:sns:us-east-1:1:alarms", ("sns", "resource")),
        ("arn:aws:cloudwatch:us-east-1:1:alarm:high", ("cloudwatch", "alarm")),
        ("arn:aws:backup:us-east-1:1:backup-vault:v", ("backup", "backup-vault")),
        (
            "arn:aws:elasticfilesystem:us-east-1:1:file-system/fs-1",
            ("elasticfilesystem", "file-system"),
        ),
        ("nonsense", ("", "resource")),
    ],
)
def test_arns_tell_service_and_type(arn: str, parsed: tuple[str, str]) -> None:
    assert parse(arn) == parsed


def test_only_data_is_kept_on_purpose() -> None:
    instance = Item("rds", "rds", "instance", "x", True, "")
    snapshot = Item("rds", "rds", "snapshot", "x", True, "", data=True)
    assert judge([instance, snapshot], ["rds"]) == ([instance], [snapshot])
    assert judge([instance, snapshot], []) == ([instance, snapshot], [])
