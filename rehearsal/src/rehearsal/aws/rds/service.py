"""Where ministack's RDS differs from AWS's, and the real PostgreSQL behind it."""

from __future__ import annotations

import contextvars
import functools
import json
import logging
import os
import secrets
import string
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any
from xml.sax.saxutils import escape

from rehearsal.aws import at_work
from rehearsal.aws.rds.server import PostgresServer
from rehearsal.aws.servers import DataError
from rehearsal.aws.wire.query import Action, Parameters, Response, one

# What AWS creates new instances of (2026-11); the newest of a major is its default.
CREATABLE = {
    "15": ("15.15", "15.16", "15.17", "15.18"),
    "16": ("16.11", "16.12", "16.13", "16.14"),
    "17": ("17.7", "17.8", "17.9", "17.10"),
    "18": ("18.1", "18.2", "18.3", "18.4"),
}
DEFAULT = "17.10"
# RDS leaves out what breaks connection strings: / @ " and the space.
PASSWORD_CHARACTERS = string.ascii_letters + string.digits + "!#$%&()*+,-.:;<=>?[]^_{|}~"

ROTATION = "_rotation"
"""Of an instance: what RDS is doing with its secret."""

log = logging.getLogger("rehearsal.rds")


def adjust(rds: Any, secretsmanager: Any, server: PostgresServer) -> None:
    """Put our functions in the places of ministack's. rds, secretsmanager: its modules."""
    actions: dict[str, Action] = rds._ACTION_MAP
    managed = ManagedPasswords(rds, secretsmanager, at_work.Pace.of(os.environ, "RDS"))
    rds._instance_xml = functools.partial(with_master_user_secret, rds._instance_xml)
    actions["DescribeDBEngineVersions"] = functools.partial(
        describe_engine_versions, rds, actions["DescribeDBEngineVersions"]
    )
    create = functools.partial(create_on_server, rds, server, actions["CreateDBInstance"])
    create = functools.partial(create_with_managed_password, managed, create)
    actions["CreateDBInstance"] = functools.partial(create_of_known_version, rds, create)
    actions["ModifyDBInstance"] = functools.partial(
        modify_password, managed, server, actions["ModifyDBInstance"]
    )
    actions["DeleteDBInstance"] = functools.partial(
        delete_on_server, managed, server, actions["DeleteDBInstance"]
    )


def with_master_user_secret(original: Callable[[Any], str], instance: Any) -> str:
    """AWS: an instance with a managed password reports MasterUserSecret. ministack doesn't."""
    secret = instance.get("MasterUserSecret")
    work: at_work.Work | None = instance.get(ROTATION)
    if secret and work and not work.hidden:
        secret = {**secret, "SecretStatus": work.state}
    fields = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in (secret or {}).items())
    return original(instance) + (f"<MasterUserSecret>{fields}</MasterUserSecret>" if secret else "")


def create_of_known_version(rds: Any, create: Action, parameters: Parameters) -> Response:
    """AWS: a major version means its default minor, and a retired minor is refused.

    ministack takes any version as it is.
    """
    if one(parameters, "Engine") != "postgres":
        return create(parameters)
    asked = one(parameters, "EngineVersion") or DEFAULT
    version = CREATABLE[asked][-1] if asked in CREATABLE else asked
    if version not in CREATABLE.get(version.split(".")[0], ()):
        return error(
            rds, "InvalidParameterCombination", f"Cannot find version {asked} for postgres"
        )
    return create({**parameters, "EngineVersion": [version]})


def error(rds: Any, code: str, message: str, status: int = 400) -> Response:
    """An error in the form of RDS."""
    response: Response = rds._error(code, message, status)
    return response


def describe_engine_versions(rds: Any, original: Action, parameters: Parameters) -> Response:
    """AWS: the minors that can be created now. ministack lists one old minor per major."""
    if one(parameters, "Engine") != "postgres":
        return original(parameters)
    asked = one(parameters, "EngineVersion")
    if one(parameters, "DefaultOnly") == "true":
        versions = [CREATABLE[asked][-1] if asked in CREATABLE else DEFAULT]
    else:
        versions = [version for minors in CREATABLE.values() for version in minors]
    if family := one(parameters, "DBParameterGroupFamily"):
        versions = [version for version in versions if f"postgres{major(version)}" == family]
    if asked:
        versions = [version for version in versions if asked in (version, major(version))]
    members = "".join(engine_version_xml(version) for version in versions)
    response: Response = rds._xml(
        200,
        "DescribeDBEngineVersionsResponse",
        "<DescribeDBEngineVersionsResult><DBEngineVersions>"
        f"{members}</DBEngineVersions></DescribeDBEngineVersionsResult>",
    )
    return response


def major(version: str) -> str:
    """The major version of PostgreSQL."""
    return version.split(".")[0]


def engine_version_xml(version: str) -> str:
    """One DBEngineVersion with the upgrade targets that AWS would name."""
    newer = [
        target
        for minors in CREATABLE.values()
        for target in minors
        if tuple(map(int, target.split("."))) > tuple(map(int, version.split(".")))
    ]
    targets = "".join(
        "<UpgradeTarget><Engine>postgres</Engine>"
        f"<EngineVersion>{target}</EngineVersion>"
        f"<IsMajorVersionUpgrade>{str(major(target) != major(version)).lower()}"
        "</IsMajorVersionUpgrade></UpgradeTarget>"
        for target in newer
    )
    return (
        "<DBEngineVersion><Engine>postgres</Engine>"
        f"<EngineVersion>{version}</EngineVersion>"
        f"<MajorEngineVersion>{major(version)}</MajorEngineVersion>"
        f"<DBParameterGroupFamily>postgres{major(version)}</DBParameterGroupFamily>"
        "<DBEngineDescription>PostgreSQL</DBEngineDescription>"
        f"<DBEngineVersionDescription>PostgreSQL {version}-R1</DBEngineVersionDescription>"
        f"<ValidUpgradeTarget>{targets}</ValidUpgradeTarget>"
        "<ExportableLogTypes><member>postgresql</member><member>upgrade</member>"
        "</ExportableLogTypes>"
        "<SupportsLogExportsToCloudwatchLogs>true</SupportsLogExportsToCloudwatchLogs>"
        "<SupportsReadReplica>true</SupportsReadReplica><SupportedFeatureNames/>"
        "<Status>available</Status></DBEngineVersion>"
    )


class ManagedPasswords:
    """AWS: ManageMasterUserPassword keeps the password in a secret that RDS owns.

    ministack does so for clusters only, and ignores the option for instances.
    """

    def __init__(self, rds: Any, secretsmanager: Any, pace: at_work.Pace) -> None:
        self._rds = rds
        self._secrets = secretsmanager
        self._pace = pace

    def instance(self, parameters: Parameters) -> Any:
        """ministack's own record of the instance, or None."""
        return self._rds._resolve_instance(one(parameters, "DBInstanceIdentifier"))

    def refusal(self, message: str) -> Response:
        """The error for options that exclude each other."""
        return error(self._rds, "InvalidParameterCombination", message)

    def keep(self, instance: Any, password: str, key: str) -> None:
        """Write the password to the instance's secret, which is made if need be."""
        content = json.dumps({"username": instance["MasterUsername"], "password": password})
        if secret := instance.get("MasterUserSecret"):
            self._secrets.put_secret_value_in_process(secret["SecretArn"], content)
            return
        name = f"rds!db-{uuid.uuid4()}"
        arn, _ = self._secrets._store_new_secret(
            name,
            secret_string=content,
            description="The secret associated with the primary RDS DB instance: "
            + instance["DBInstanceArn"],
            tags=[
                {"Key": "aws:secretsmanager:owningService", "Value": "rds"},
                {"Key": "aws:rds:primaryDBInstanceArn", "Value": instance["DBInstanceArn"]},
            ],
            kms_key_id=key or None,
        )
        # RDS rotates its secrets every week unless it is told otherwise.
        _, secret = self._secrets._resolve(arn)
        secret.update(RotationEnabled=True, RotationRules={"AutomaticallyAfterDays": 7})
        instance["MasterUserSecret"] = {
            "SecretArn": arn,
            "SecretStatus": "active",
            "KmsKeyId": key or "alias/aws/secretsmanager",
        }

    def rotate(self, instance: Any, change: Callable[[], None]) -> None:
        """Change the password when RDS comes to it: the secret is active at first, then rotating.

        RDS takes up the secret when it is done with the instance.
        """
        seen = self._pace.unseen + self._pace.busy
        if not seen:
            change()
            return
        now = time.monotonic()
        done = seen + self._pace.busy
        instance[ROTATION] = at_work.Work("rotating", now + seen, now + done)

        def end() -> None:
            there = self._rds._resolve_instance(instance["DBInstanceIdentifier"]) is instance
            if there and "MasterUserSecret" in instance:
                change()
            instance.pop(ROTATION, None)

        # In the account of this call.
        context = contextvars.copy_context()
        timer = threading.Timer(done, lambda: context.run(end))
        timer.daemon = True
        timer.start()

    def forget(self, instance: Any) -> None:
        """Delete the instance's secret, at once, as RDS does."""
        if secret := instance.pop("MasterUserSecret", None):
            self._secrets.delete_secret_in_process(secret["SecretArn"])


def new_password() -> str:
    """28 characters, as RDS makes them."""
    return "".join(secrets.choice(PASSWORD_CHARACTERS) for _ in range(28))


def create_with_managed_password(
    managed: ManagedPasswords, create: Action, parameters: Parameters
) -> Response:
    """Let RDS choose the password and keep it in a secret, when it was asked to."""
    if one(parameters, "ManageMasterUserPassword") != "true":
        return create(parameters)
    if one(parameters, "MasterUserPassword"):
        return managed.refusal(
            "You can't specify MasterUserPassword when ManageMasterUserPassword is enabled."
        )
    password = new_password()
    response = create({**parameters, "MasterUserPassword": [password]})
    if response[0] != 200:
        return response
    instance = managed.instance(parameters)
    managed.keep(instance, password, one(parameters, "MasterUserSecretKmsKeyId"))
    answer: Response = managed._rds._single_instance_response(
        "CreateDBInstanceResponse", "CreateDBInstanceResult", instance
    )
    return answer


def create_on_server(
    rds: Any, server: PostgresServer, create: Action, parameters: Parameters
) -> Response:
    """AWS: the instance is a server with the master user. ministack only writes it down."""
    response = create(parameters)
    if response[0] != 200 or one(parameters, "Engine") not in ("", "postgres"):
        return response
    name = one(parameters, "DBInstanceIdentifier")
    instance = rds._resolve_instance(name)
    # AWS makes no database unless it is asked for one; "postgres" is always there.
    instance["DBName"] = one(parameters, "DBName") or "postgres"
    try:
        server.create(
            name,
            instance["MasterUsername"],
            one(parameters, "MasterUserPassword"),
            instance["DBName"],
        )
    except DataError as failure:
        log.error("DB instance %s: %s", name, failure)
        instance["DBInstanceStatus"] = "failed"
    return response


def modify_password(
    managed: ManagedPasswords, server: PostgresServer, modify: Action, parameters: Parameters
) -> Response:
    """Carry a password change, or the turn to a managed password, to the real server."""
    password = one(parameters, "MasterUserPassword")
    choose = one(parameters, "ManageMasterUserPassword")
    rotate = one(parameters, "RotateMasterUserPassword") == "true"
    instance = managed.instance(parameters)
    if instance and password and choose != "false" and instance.get("MasterUserSecret"):
        return managed.refusal(
            "You can't specify MasterUserPassword for an instance with "
            "ManageMasterUserPassword enabled."
        )
    response = modify({k: v for k, v in parameters.items() if k != "MasterUserPassword"})
    if response[0] != 200:
        return response
    if choose == "false":
        managed.forget(instance)
    elif rotate or (choose == "true" and not instance.get("MasterUserSecret")):
        password = new_password()
    give = functools.partial(_give_password, managed, server, instance, password, parameters)
    if rotate and instance.get("MasterUserSecret"):
        managed.rotate(instance, give)
    elif password:
        give()
    answer: Response = managed._rds._single_instance_response(
        "ModifyDBInstanceResponse", "ModifyDBInstanceResult", instance
    )
    return answer


def _give_password(
    managed: ManagedPasswords,
    server: PostgresServer,
    instance: Any,
    password: str,
    parameters: Parameters,
) -> None:
    """Set the server's password, and keep it in the instance's secret if RDS chose it."""
    if not one(parameters, "MasterUserPassword"):
        managed.keep(instance, password, one(parameters, "MasterUserSecretKmsKeyId"))
    server.set_password(one(parameters, "DBInstanceIdentifier"), password)


def delete_on_server(
    managed: ManagedPasswords, server: PostgresServer, delete: Action, parameters: Parameters
) -> Response:
    """Drop the instance's data and its secret with it."""
    instance = managed.instance(parameters)
    response = delete(parameters)
    if response[0] == 200:
        managed.forget(instance)
        server.delete(one(parameters, "DBInstanceIdentifier"))
    return response
