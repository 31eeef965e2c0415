"""What the SDK would not send is refused in check mode, too, without the values."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from ansible_collections.ragops.platform.plugins.module_utils.aws import AwsError
from ansible_collections.ragops.platform.plugins.module_utils.reconcile import Api


def api(service: str, check_mode: bool) -> Api:
    keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b"}
    # Nothing may be sent there.
    client = boto3.client(service, region_name="us-east-1", endpoint_url="http://[::1]:9", **keys)
    return Api(client, check_mode)


@pytest.mark.parametrize("check_mode", [True, False])
@pytest.mark.parametrize(
    ("service", "operation", "arguments", "says"),
    [
        (
            *("eks", "update_nodegroup_config"),
            {
                "clusterName": "c",
                "nodegroupName": "n",
                "labels": {"addOrUpdateLabels": {"spot": True}},
            },
            "eks:UpdateNodegroupConfig for it cannot be sent: labels.addOrUpdateLabels.spot",
        ),
        (
            *("secretsmanager", "put_secret_value"),
            {"SecretId": "s", "SecretString": ["hunter2"]},
            "SecretString invalid type",
        ),
        ("rds", "create_db_instance", {}, "missing required field DBInstanceIdentifier"),
    ],
)
def test_a_request_is_refused_by_its_parameters(
    check_mode: bool, service: str, operation: str, arguments: dict[str, Any], says: str
) -> None:
    with pytest.raises(AwsError) as refused:
        api(service, check_mode).write(operation, "it", **arguments)
    assert says in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_what_the_sdk_fills_in_is_not_missed() -> None:
    tags = {"Project": "ragops"}
    api("eks", check_mode=True).write(
        "create_addon", "it", clusterName="c", addonName="vpc-cni", tags=tags
    )
