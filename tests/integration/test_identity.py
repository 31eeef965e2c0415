"""Who may do what, enforced: pods by their roles, people by their access entries.

The platform is rolled out when these tests begin (or they roll it out), and stays as it was.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from typing import Any

import pytest
from conftest import ROOT, inside
from support.authorization_reference import problems

pytestmark = pytest.mark.usefixtures("platform")

PLATFORM = "ragops-rehearsal"
ACCOUNT = "000000000000"
BACKEND = f"arn:aws:sts::{ACCOUNT}:assumed-role/{PLATFORM}-workload-backend/"
POLICY = "arn:aws:eks::aws:cluster-access-policy/"


def python(text: str, *arguments: str) -> Any:
    """Run Python inside the world as the operator, and return the JSON that it prints last."""
    program = textwrap.dedent(text)
    outcome = inside(str(ROOT / ".venv/bin/python"), "-c", program, *arguments, timeout=120)
    assert outcome.returncode == 0, outcome.output
    return json.loads(outcome.output.strip().splitlines()[-1])


def in_backend(text: str, *arguments: str) -> Any:
    """Run Python in a pod of the backend, with whatever identity it has."""
    program = textwrap.dedent(text)
    outcome = inside(
        *("kubectl", "exec", "--namespace", "rag", "deployment/rag-backend"),
        *("--container", "backend", "--", "python", "-c", program, *arguments),
        timeout=120,
    )
    assert outcome.returncode == 0, outcome.output
    return json.loads(outcome.output.strip().splitlines()[-1])


CALLS = """
    import json, os, sys
    import botocore.session
    from botocore.exceptions import ClientError

    session = botocore.session.get_session()
    aws = {name: session.create_client(name) for name in ("s3", "sts")}

    def attempt(service, operation, **parameters):
        try:
            getattr(aws[service], operation)(**parameters)
        except ClientError as error:
            return [error.response["Error"]["Code"], error.response["Error"]["Message"]]
        return ["ok", ""]

    own, other = sys.argv[1:3]
    print(json.dumps({
        "keys": sorted(name for name in os.environ if "ACCESS_KEY" in name),
        "arn": aws["sts"].get_caller_identity()["Arn"],
        "list": attempt("s3", "list_objects_v2", Bucket=own),
        "put": attempt("s3", "put_object", Bucket=own, Key="identity-test", Body=b"x"),
        "get": attempt("s3", "get_object", Bucket=own, Key="identity-test"),
        "delete": attempt("s3", "delete_object", Bucket=own, Key="identity-test"),
        "gone": attempt("s3", "get_object", Bucket=own, Key="identity-test"),
        "versions": attempt("s3", "list_object_versions", Bucket=own),
        "policy": attempt("s3", "get_bucket_policy", Bucket=own),
        "other_get": attempt("s3", "get_object", Bucket=other, Key="identity-test"),
        "other_list": attempt("s3", "list_objects_v2", Bucket=other),
        "other_put": attempt("s3", "put_object", Bucket=other, Key="identity-test", Body=b"x"),
        "buckets": attempt("s3", "list_buckets"),
        "role": attempt("sts", "assume_role", RoleArn=sys.argv[3], RoleSessionName="me"),
        "stolen": attempt("sts", "assume_role_with_web_identity", RoleArn=sys.argv[3],
                          RoleSessionName="me", WebIdentityToken=open(
                              os.environ["AWS_WEB_IDENTITY_TOKEN_FILE"]).read()),
    }))
"""


def test_the_backend_has_its_own_role_and_no_other() -> None:
    """Its own bucket, by a token that it was given; every other door is shut."""
    seen = in_backend(
        CALLS,
        f"{PLATFORM}-documents-{ACCOUNT}",
        f"{PLATFORM}-embeddings-{ACCOUNT}",
        f"arn:aws:iam::{ACCOUNT}:role/{PLATFORM}-workload-milvus",
    )
    print(json.dumps(seen, indent=2))
    assert seen["keys"] == [], "no static credentials"
    assert seen["arn"].startswith(BACKEND)
    assert [seen[call][0] for call in ("list", "put", "get", "delete")] == ["ok"] * 4
    assert seen["gone"][0] == "NoSuchKey"
    others = ("other_get", "other_list", "other_put", "buckets", "role", "stolen")
    refused = ("versions", "policy", *others)
    assert [seen[call][0] for call in refused] == ["AccessDenied"] * len(refused)
    assert seen["other_put"][1].startswith(
        f"User: {seen['arn']} is not authorized to perform: s3:PutObject"
    )


def test_a_service_account_without_a_role_has_no_identity() -> None:
    """The frontend's pods carry no token for AWS."""
    outcome = inside("kubectl", "get", "pods", "--namespace", "rag", "--output", "json")
    pods = json.loads(outcome.output)["items"]
    carrying = {
        pod["spec"]["serviceAccountName"]
        for pod in pods
        for volume in pod["spec"]["volumes"]
        if volume["name"] == "aws-iam-token"
    }
    assert carrying == {"rag-backend"}


def test_every_policy_in_the_account_is_sound() -> None:
    """Each action exists and is about the resources that it is allowed on."""
    documents = python("""
        import json, boto3
        iam = boto3.client("iam")
        found = {}
        for role in iam.list_roles()["Roles"]:
            name = role["RoleName"]
            found[f"trust of {name}"] = role["AssumeRolePolicyDocument"]
            for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
                found[f"{policy} of {name}"] = iam.get_role_policy(
                    RoleName=name, PolicyName=policy)["PolicyDocument"]
        print(json.dumps(found))
    """)
    assert f"backend of {PLATFORM}-workload-backend" in documents
    assert [
        f"{name}: {said}" for name, document in documents.items() for said in problems(document)
    ] == []


@pytest.fixture(scope="module")
def people() -> Iterator[None]:
    """Three IAM roles: a viewer of namespace rag, an administrator, and one without an entry."""
    python(
        """
        import json, sys, boto3
        iam, eks = boto3.client("iam"), boto3.client("eks")
        account, cluster, policy = sys.argv[1:]
        trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
                 "Action": "sts:AssumeRole", "Principal": {"AWS": f"arn:aws:iam::{account}:root"}}]}
        scopes = {"viewer": ("AmazonEKSViewPolicy", {"type": "namespace", "namespaces": ["rag"]}),
                  "admin": ("AmazonEKSClusterAdminPolicy", {"type": "cluster"}), "nobody": None}
        for name, entry in scopes.items():
            role = f"identity-test-{name}"
            iam.create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps(trust))
            if entry:
                arn = f"arn:aws:iam::{account}:role/{role}"
                which = {"clusterName": cluster, "principalArn": arn}
                eks.create_access_entry(**which)
                eks.associate_access_policy(
                    **which, policyArn=policy + entry[0], accessScope=entry[1])
        print("{}")
        """,
        ACCOUNT,
        PLATFORM,
        POLICY,
    )
    yield
    python(
        """
        import sys, boto3
        iam, eks = boto3.client("iam"), boto3.client("eks")
        account, cluster = sys.argv[1:]
        for name in ("viewer", "admin", "nobody"):
            arn = f"arn:aws:iam::{account}:role/identity-test-{name}"
            if name != "nobody":
                eks.delete_access_entry(clusterName=cluster, principalArn=arn)
            iam.delete_role(RoleName=f"identity-test-{name}")
        print("{}")
        """,
        ACCOUNT,
        PLATFORM,
    )


def as_role(name: str, *checks: str) -> dict[str, str]:
    """What kubectl says to an IAM role with our module's kubeconfig: check -> answer."""
    program = """
        import json, os, subprocess, sys, tempfile, boto3
        sys.path.insert(0, "collections")
        from ansible_collections.ragops.platform.plugins.module_utils._eks.token import (
            kubeconfig, token)
        cluster = boto3.client("eks").describe_cluster(name=sys.argv[1])["cluster"]
        keys = boto3.client("sts").assume_role(RoleArn=sys.argv[2], RoleSessionName="me")
        keys = keys["Credentials"]
        sts = boto3.client("sts", aws_access_key_id=keys["AccessKeyId"],
                           aws_secret_access_key=keys["SecretAccessKey"],
                           aws_session_token=keys["SessionToken"])
        told = {}
        with tempfile.NamedTemporaryFile("w") as file:
            user = {"token": token(sts, sys.argv[1])}
            json.dump(kubeconfig(cluster, user), file)
            file.flush()
            for check in sys.argv[3:]:
                done = subprocess.run(["kubectl", *check.split(), "--output=name"], text=True,
                    capture_output=True, env={**os.environ, "KUBECONFIG": file.name})
                told[check] = "ok" if done.returncode == 0 else done.stderr.strip()
        print(json.dumps(told))
    """
    role = f"arn:aws:iam::{ACCOUNT}:role/identity-test-{name}"
    told: dict[str, str] = python(program, PLATFORM, role, *checks)
    return told


PODS, SECRETS, ELSEWHERE, NODES = (
    "get pods --namespace rag",
    "get secrets --namespace rag",
    "get pods --namespace milvus",
    "get nodes",
)
CHECKS = (PODS, SECRETS, ELSEWHERE, NODES)


@pytest.mark.usefixtures("people")
def test_a_token_gets_in_with_the_rights_of_its_entry_and_no_more() -> None:
    viewer = as_role("viewer", *CHECKS)
    assert viewer[PODS] == "ok"
    session = f'User "arn:aws:sts::{ACCOUNT}:assumed-role/identity-test-viewer/me"'
    for check in (SECRETS, ELSEWHERE, NODES):
        assert "Forbidden" in viewer[check], viewer
        assert session in viewer[check]
    assert set(as_role("admin", *CHECKS).values()) == {"ok"}


@pytest.mark.usefixtures("people")
def test_a_token_without_an_entry_stays_outside() -> None:
    told = as_role("nobody", PODS, NODES)
    for answer in told.values():
        assert "Unauthorized" in answer or "logged in" in answer, told
