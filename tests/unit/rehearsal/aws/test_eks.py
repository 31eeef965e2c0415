"""What the rehearsal's EKS, IAM and CloudWatch do as AWS does, where ministack doesn't."""

from __future__ import annotations

import asyncio
import json
import time
from types import SimpleNamespace
from typing import Any

import pytest

from rehearsal.aws.cloudwatch import logs
from rehearsal.aws.eks import nodegroups, records, updates
from rehearsal.aws.eks import service as adjusted
from rehearsal.aws.iam import oidc_providers

NAME = "ragops-test"
ARN = f"arn:aws:eks:us-east-1:000000000000:cluster/{NAME}"


class Eks(SimpleNamespace):
    """Stands for ministack's module: its stores and its ways to answer."""

    def __init__(self, version: str = "1.34", nodes: str = "1.34") -> None:
        cluster = {
            "name": NAME,
            "arn": ARN,
            "version": version,
            "logging": {"clusterLogging": []},
            "resourcesVpcConfig": {"endpointPublicAccess": False},
            "accessConfig": {"authenticationMode": "API"},
            "tags": {"Project": "ragops"},
        }
        group = {"nodegroupName": "main", "nodegroupArn": "group", "version": nodes}
        super().__init__(
            _clusters={NAME: cluster},
            _nodegroups={f"{NAME}/main": group},
            _addons={},
            _access_entries={},
            _tags={},
        )

    @staticmethod
    def _json_resp(status: int, body: Any) -> tuple[int, dict[str, str], bytes]:
        return status, {}, json.dumps(body).encode()

    @staticmethod
    def _error(status: int, code: str, text: str) -> tuple[int, dict[str, str], bytes]:
        return status, {}, json.dumps({"code": code, "message": text}).encode()


def ask(eks: Eks, method: str, path: str, **body: Any) -> tuple[int, Any]:
    """Status and content of an answer."""
    url = f"/clusters/{NAME}/{path}"
    response = updates.route(eks, method, url, json.dumps(body).encode())
    assert response is not None
    return response[0], json.loads(response[2])


def told(eks: Eks, path: str, **body: Any) -> str:
    """The code and words of a refusal."""
    status, content = ask(eks, "POST", path, **body)
    assert status >= 400, content
    return f"{content['code']}: {content['message']}"


def test_settings_change_one_kind_at_a_time() -> None:
    eks = Eks()
    on = {"clusterLogging": [{"types": ["audit", "api"], "enabled": True}]}
    status, content = ask(eks, "POST", "update-config", logging=on)
    assert (status, content["update"]["type"]) == (200, "LoggingUpdate")
    off = {"clusterLogging": [{"types": ["api"], "enabled": False}]}
    ask(eks, "POST", "update-config", logging=off)
    assert eks._clusters[NAME]["logging"]["clusterLogging"] == [
        {"types": ["audit"], "enabled": True},
        {"types": ["api"], "enabled": False},
    ]
    assert "Only one type" in told(eks, "update-config", logging=on, deletionProtection=True)
    places = {"subnetIds": ["a", "b"], "endpointPublicAccess": True}
    assert "Only one type" in told(eks, "update-config", resourcesVpcConfig=places)
    assert "No changes needed" in told(eks, "update-config", logging=off)
    mode = {"authenticationMode": "CONFIG_MAP"}
    assert "Unsupported authentication mode" in told(eks, "update-config", accessConfig=mode)


def test_updates_are_told_afterwards() -> None:
    eks = Eks()
    _, content = ask(eks, "POST", "update-config", deletionProtection=True)
    (identifier,) = ask(eks, "GET", "updates")[1]["updateIds"]
    assert identifier == content["update"]["id"]
    assert ask(eks, "GET", f"updates/{identifier}")[1]["update"]["status"] == "Successful"
    assert ask(eks, "GET", "updates/other")[0] == 404


def test_a_version_goes_up_and_back_by_one() -> None:
    eks = Eks()
    assert "Unsupported Kubernetes minor version" in told(eks, "updates", version="1.36")
    assert "not eligible for a rollback" in told(eks, "updates", version="1.33")
    assert ask(eks, "POST", "updates", version="1.35")[1]["update"]["type"] == "VersionUpdate"
    assert "must be updated to match" in told(eks, "updates", version="1.36")
    assert ask(eks, "POST", "updates", version="1.34")[1]["update"]["type"] == "VersionRollback"
    assert "not eligible" in told(eks, "updates", version="1.33")


def test_a_version_goes_back_for_a_week() -> None:
    eks = Eks()
    ask(eks, "POST", "updates", version="1.35")
    eks._clusters[NAME]["_updates"][-1]["createdAt"] = time.time() - updates.WEEK - 1
    assert "not eligible" in told(eks, "updates", version="1.34")


def test_insights_tell_of_nodes_that_do_not_fit() -> None:
    eks = Eks()
    ask(eks, "POST", "updates", version="1.35")
    eks._nodegroups[f"{NAME}/main"]["version"] = "1.35"
    wanted = {"categories": ["ROLLBACK_READINESS"], "statuses": ["ERROR"]}
    (insight,) = ask(eks, "POST", "insights", filter=wanted)[1]["insights"]
    assert "main" in insight["insightStatus"]["reason"]
    assert ask(eks, "GET", f"insights/{insight['id']}")[1]["insight"]["recommendation"]
    assert ask(eks, "GET", "insights/other")[0] == 404
    assert ask(eks, "POST", "insights-refresh")[1]["status"] == "COMPLETED"
    assert told(eks, "updates", version="1.34").startswith("InvalidStateException")
    assert ask(eks, "POST", "updates", version="1.34", force=True)[0] == 200


def test_other_paths_and_clusters() -> None:
    eks = Eks()
    assert updates.route(eks, "GET", f"/clusters/{NAME}/addons", b"") is None
    assert updates.route(eks, "DELETE", f"/clusters/{NAME}/updates", b"") is None
    response = updates.route(eks, "GET", "/clusters/other/updates", b"")
    assert response is not None
    assert response[0] == 404


def test_nodes_are_never_newer_than_their_cluster() -> None:
    eks = Eks()
    path = f"/clusters/{NAME}/node-groups/main/update-version"
    response = nodegroups.update(eks, path, b'{"version": "1.35"}')
    assert response is not None
    assert response[0] == 400
    response = nodegroups.update(eks, path, b'{"version": "1.33"}')
    assert response is not None
    assert eks._nodegroups[f"{NAME}/main"]["releaseVersion"] == "1.33.0-20261101"


def test_a_cluster_is_deleted_without_nodes_and_protection() -> None:
    eks, gone = Eks(), []

    def delete() -> tuple[int, str]:
        def really(name: str) -> tuple[int, dict[str, str], bytes]:
            gone.append(name)
            return 200, {}, b"{}"

        response = records.with_refusals(eks, really, NAME)
        return response[0], response[2].decode()

    eks._addons[f"{NAME}/coredns"] = {}
    eks._clusters[NAME]["deletionProtection"] = True
    assert "deletion protection" in delete()[1]
    eks._clusters[NAME]["deletionProtection"] = False
    assert "nodegroups attached" in delete()[1]
    assert not gone
    eks._nodegroups.clear()
    assert delete()[0] == 200
    assert not eks._addons


def test_tags_are_told_as_they_are_now() -> None:
    eks = Eks()

    def tag(arn: str, _: Any) -> tuple[int, dict[str, str], bytes]:
        eks._tags[arn] = {"Project": "other"}
        return 200, {}, b""

    records.with_kept_tags(eks, tag, ARN, {})
    assert eks._clusters[NAME]["tags"] == {"Project": "other"}


@pytest.mark.parametrize(
    ("version", "asked", "given"),
    [
        ("1.35", None, "v1.35.3-eksbuild.2"),
        ("1.35", "v1.34.6-eksbuild.2", "v1.34.6-eksbuild.2"),
        ("1.34", "v1.35.3-eksbuild.2", None),  # newer than the cluster
    ],
)
def test_addons_have_versions_that_are_offered(
    version: str, asked: str | None, given: str | None
) -> None:
    def create(_: str, body: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
        return 200, {}, json.dumps(body).encode()

    body = {"addonName": "kube-proxy", **({"addonVersion": asked} if asked else {})}
    response = adjusted.with_known_version(Eks(version), create, NAME, body)
    assert json.loads(response[2]).get("addonVersion") == given
    assert response[0] == (200 if given else 400)


def test_a_provider_of_iam_can_be_changed() -> None:
    provider = {"ClientIDList": ["a"], "ThumbprintList": [], "Tags": [{"Key": "k", "Value": "1"}]}
    iam = SimpleNamespace(
        _oidc_providers={"arn": provider},
        _IAM_HANDLERS={"CreateOpenIDConnectProvider": lambda parameters: (200, {}, parameters)},
        _extract_tags=lambda _: [{"Key": "k", "Value": "2"}],
        _extract_tag_keys=lambda _: {"k"},
        _error=lambda status, *_, **__: (status, {}, b""),
        _xml=lambda status, *_, **__: (status, {}, b""),
    )
    oidc_providers.adjust(iam)

    def send(action: str, arn: str = "arn", **parameters: Any) -> Any:
        answer = iam._IAM_HANDLERS[action]({"OpenIDConnectProviderArn": arn, **parameters})
        return answer[0]

    assert send("AddClientIDToOpenIDConnectProvider", ClientID="b") == 200
    assert send("RemoveClientIDFromOpenIDConnectProvider", ClientID="a") == 200
    assert provider["ClientIDList"] == ["b"]
    thumbprint = {"ThumbprintList.member.1": "f" * 40}
    assert send("UpdateOpenIDConnectProviderThumbprint", **thumbprint) == 200
    assert provider["ThumbprintList"] == ["f" * 40]
    send("TagOpenIDConnectProvider")
    assert provider["Tags"] == [{"Key": "k", "Value": "2"}]
    send("UntagOpenIDConnectProvider")
    assert provider["Tags"] == []
    assert send("TagOpenIDConnectProvider", arn="other") == 404
    *_, sent = iam._IAM_HANDLERS["CreateOpenIDConnectProvider"]({"Url": "https://i"})
    assert len(sent["ThumbprintList.member.1"][0]) == 40


def test_the_key_of_a_log_group_can_be_changed() -> None:
    async def others(*_: Any) -> str:
        return "ministack's"

    service = SimpleNamespace(
        _log_groups={"group": {"kmsKeyId": None}},
        handle_request=others,
        json_response=lambda body: body,
        error_response_json=lambda code, *_: code,
    )
    logs.adjust(service)

    def send(action: str, **body: Any) -> Any:
        headers = {"x-amz-target": f"Logs_20140328.{action}"}
        sent = service.handle_request("POST", "/", headers, json.dumps(body).encode(), {})
        return asyncio.run(sent)

    assert send("AssociateKmsKey", logGroupName="group", kmsKeyId="key") == {}
    assert service._log_groups["group"]["kmsKeyId"] == "key"
    assert send("DisassociateKmsKey", logGroupName="group") == {}
    assert service._log_groups["group"]["kmsKeyId"] is None
    assert send("AssociateKmsKey", logGroupName="none") == "ResourceNotFoundException"
    assert send("DescribeLogGroups") == "ministack's"
