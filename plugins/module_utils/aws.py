# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""How this collection's modules call AWS: one way to call, to page, to wait and to fail.

Every call is retried on throttling with jitter (botocore's "standard" mode), and
every failure says which action failed on which resource and what to do about it.
"""

from __future__ import annotations

import contextlib
import os
import random
import re
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from ansible_collections.amazon.aws.plugins.module_utils.botocore import get_aws_connection_info

from . import journal, progress, spreading

try:
    import boto3
    from botocore.config import Config
    from botocore.exceptions import (
        BotoCoreError,
        ClientError,
        EndpointConnectionError,
        NoCredentialsError,
        PartialCredentialsError,
    )
except ImportError:  # AnsibleAWSModule reports it, with the remedy, before any of this is used
    BotoCoreError = ClientError = EndpointConnectionError = Exception  # type: ignore[misc,assignment]
    NoCredentialsError = PartialCredentialsError = Exception  # type: ignore[misc,assignment]

Dict = dict[str, Any]

RETRIES: Mapping[str, Any] = {"retries": {"mode": "standard", "max_attempts": 8}}


@dataclass
class _Session:
    """What the clients of one module share. clients: by service and region."""

    boto: Any
    memory: spreading.Memory = field(default_factory=spreading.Memory)
    clients: dict[tuple[str, str | None], Any] = field(default_factory=dict)


_SESSIONS: WeakKeyDictionary[Any, _Session] = WeakKeyDictionary()
_MEMORIES: WeakKeyDictionary[Any, spreading.Memory] = WeakKeyDictionary()
# A session makes one client at a time (boto3's own word); threads may share the clients.
_MAKING = threading.Lock()

_DENIED = (
    "AccessDenied",
    "AccessDeniedException",
    "AuthorizationError",
    "UnauthorizedOperation",
    "403",
)
_BAD_CREDENTIALS = (
    "AuthFailure",
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
)
# Calls whose IAM action is not called as the operation is.
_ACTIONS = {
    "s3:HeadBucket": "s3:ListBucket",
    "s3:GetBucketLocation": "s3:GetBucketLocation",
}


_REFUSED = re.compile(r"not authorized to perform: ([a-z0-9-]+:[A-Za-z0-9]+)")


class AwsError(Exception):
    """A failure to report to the user as it is.

    code: AWS's error code ("" when the call never got an answer); action: the IAM
    action of the call ("" when the failure is not of one call).
    """

    def __init__(self, message: str, *, code: str = "", action: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.action = action


def is_denied(error: AwsError) -> bool:
    """Whether AWS refused since the caller may not do it."""
    return error.code in _DENIED


def fail(module: Any, error: AwsError) -> None:
    """End a module with a failure, and with what it had changed until then.

    Args:
        module: an AnsibleAWSModule.
        error: why it can't go on.
    """
    done = journal.changes()
    module.fail_json(
        msg=str(error),
        action=error.action,
        code=error.code,
        changed=bool(done),
        changed_before_failure=done,
    )


def client(module: Any, service: str, region: str | None = None) -> Any:
    """A boto3 client of `service` with the module's credentials, region and endpoint.

    All clients of a module share a session: it reads the SDK's descriptions once, and a profile
    that assumes a role assumes it once. (`module.client` makes a session for each client.)

    A user's own `aws_config` wins over our retries. region: another one than the module's.
    """
    _refuse_two_identities(module)
    own_region, endpoint, options = get_aws_connection_info(module)
    profile = options.pop("profile_name", None)
    ours = Config(**RETRIES, user_agent_extra="ragops.platform")
    config = ours.merge(options.pop("aws_config", None) or Config())
    try:
        with _MAKING:
            if module not in _SESSIONS:
                _SESSIONS[module] = _Session(boto3.Session(profile_name=profile))
            session = _SESSIONS[module]
            made = session.boto.client(
                service,
                region_name=region or own_region,
                endpoint_url=endpoint,
                config=config,
                **options,
            )
            _MEMORIES[made] = session.memory
            session.clients[service, region] = made
            return made
    except (BotoCoreError, ValueError) as error:
        module.fail_json(
            msg=(
                f"No connection to AWS ({service}) is possible: {error}. Check the profile, the"
                " region, the endpoint and the files in ~/.aws."
            )
        )


_PROFILE = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE")
_KEYS = (
    *("AWS_ACCESS_KEY_ID", "AWS_ACCESS_KEY", "AWS_SECRET_ACCESS_KEY", "AWS_SECRET_KEY"),
    "AWS_SESSION_TOKEN",
)


def _refuse_two_identities(module: Any) -> None:
    """End the module if it is given a profile and keys: which of them is meant can't be told."""
    options = module.params
    if not options.get("profile") or not (options.get("access_key") or options.get("secret_key")):
        return
    profiles = [name for name in _PROFILE if os.environ.get(name)] or ["profile"]
    keys = [name for name in _KEYS if os.environ.get(name)] or ["access_key", "secret_key"]
    module.fail_json(
        msg=(
            f"AWS credentials are given twice: by the profile {options['profile']}"
            f" ({', '.join(profiles)}) and by keys ({', '.join(keys)}). Remove one of them: `unset"
            f" {' '.join(keys)}` to use the profile, or `unset {' '.join(profiles)}` to use the"
            " keys. Nothing was changed."
        )
    )


def require_region(module: Any) -> str:
    """The region, or the module's failure that says how to give one."""
    region = module.region
    if not region:
        module.fail_json(
            msg="No AWS region: set the option `region`, AWS_REGION, or one in the AWS profile."
        )
    return str(region)


def iam_action(connection: Any, operation: str) -> str:
    """The IAM action of a client's method: ("eks", "describe_cluster") -> eks:DescribeCluster."""
    name = f"{connection.meta.service_model.service_name}:"
    name += connection.meta.method_to_api_mapping.get(operation, operation)
    return str(_ACTIONS.get(name, name))


def explain(error: Exception, action: str, about: str) -> AwsError:
    """Turn a failure of the SDK into one that names action, resource, cause and remedy."""
    if isinstance(error, NoCredentialsError | PartialCredentialsError):
        return AwsError(
            f"No valid AWS credentials to call {action} for {about}: {error}. Set"
            " AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or run under a role.",
            action=action,
        )
    if isinstance(error, EndpointConnectionError):
        return AwsError(
            f"No answer to {action} for {about}: {error}. Check the network, the region and "
            "AWS_ENDPOINT_URL.",
            action=action,
        )
    if not isinstance(error, ClientError):
        return AwsError(f"{action} failed for {about}: {error}", action=action)
    code = str(error.response.get("Error", {}).get("Code", ""))
    text = str(error.response.get("Error", {}).get("Message") or error)
    if code in _DENIED:
        # It may be what depends on the call: tags of what is made, a role that is passed on.
        refused = _REFUSED.search(text)
        action = refused.group(1) if refused else action
        message = (
            f"The caller is not allowed to {action} on {about} ({code}: {text}). Allow this action"
            " in the IAM policy of the caller, or use other credentials."
        )
    elif code in _BAD_CREDENTIALS:
        message = (
            f"AWS refused the credentials at {action} for {about} ({code}: {text}). Renew them "
            "(aws sso login, a new session token), and check the clock of this machine."
        )
    else:
        message = f"{action} failed for {about} ({code}): {text}"
    return AwsError(message, code=code, action=action)


def _patiently(
    connection: Any,
    operation: str,
    about: str,
    missing: Collection[str],
    parameters: Mapping[str, Any],
    send: Callable[[], Any],
) -> Any:
    """Send a call, again while AWS has yet to spread what it needs (see `spreading`).

    An error code in `missing` gives None, but not of what this module made itself: that is
    there, and is waited for. Raises AwsError.
    """
    memory = _MEMORIES.get(connection)
    service = str(connection.meta.service_model.service_name)
    answer: Any = None
    refused: tuple[AwsError, str] | None = None

    def attempt() -> str | None:
        nonlocal answer, refused
        refused = None
        try:
            answer = send()
        except ClientError as error:
            said = error.response.get("Error", {})
            code, text = str(said.get("Code", "")), str(said.get("Message", ""))
            why = spreading.cause(memory, service, operation, parameters, (code, text))
            if why is None and code in missing:
                return None
            failure = explain(error, iam_action(connection, operation), about)
            if why is None:
                raise failure from error
            refused = failure, why
            return why
        except BotoCoreError as error:
            raise explain(error, iam_action(connection, operation), about) from error
        if memory is not None:
            memory.note(service, operation, parameters, answer)
        journal.note(operation, about)
        return None

    try:
        wait_until(about, attempt, timeout=spreading.TIMEOUT, interval=5)
    except AwsError as error:
        if refused is None:
            raise
        failure, why = refused
        raise AwsError(
            f"{failure} The call was repeated for {spreading.TIMEOUT:.0f} s, because possibly"
            f" {why}. If all resources in this message exist, run again.",
            code=failure.code,
            action=failure.action,
        ) from error
    return answer


def await_seen(module: Any) -> None:
    """Wait until AWS knows all that this module made, since the next one may ask for it by name.

    What a later call of this module has named is known; only the rest is asked for.
    """
    session = _SESSIONS.get(module)
    if session is None:
        return
    for connection in list(session.clients.values()):
        service = str(connection.meta.service_model.service_name)
        for operation, parameters in list(session.memory.unseen(service)):
            about = f"what was made: {next(iter(parameters.values()))}"
            call(connection, operation, about, **parameters)


def call(
    connection: Any,
    operation: str,
    about: str,
    *,
    missing: Collection[str] = (),
    **parameters: Any,
) -> Dict | None:
    """Call one operation. An error code in `missing` means "there is none": returns None.

    It is repeated for a while where AWS has yet to spread what the call needs: what this module
    made (then `missing` does not count), or what `spreading` knows for this operation.

    about: the resource, as it should be named in an error ("EKS cluster ragops-dev").
    Raises AwsError.
    """

    def send() -> Any:
        return getattr(connection, operation)(**parameters)

    answer: Dict | None = _patiently(connection, operation, about, missing, parameters, send)
    return answer


class _Repeated(Exception):
    """The SDK is about to send a call once more."""


@contextlib.contextmanager
def _sent_once(connection: Any, operation: str) -> Iterator[None]:
    """Let a client send one operation once, in the block: the second time is _Repeated."""
    name = connection.meta.method_to_api_mapping[operation]
    event = f"before-send.{connection.meta.service_model.service_id.hyphenize()}.{name}"
    sent = 0

    def count(**_: Any) -> None:
        nonlocal sent
        sent += 1
        if sent > 1:
            raise _Repeated

    connection.meta.events.register(event, count)
    try:
        yield
    finally:
        connection.meta.events.unregister(event, count)


def create(
    connection: Any, operation: str, about: str, find: Callable[[], Dict | None], **parameters: Any
) -> Dict:
    """Call an operation that makes something and takes no token by which AWS knows it again.

    The SDK repeats a call whose answer got lost, and AWS may have taken it: that would make a
    second one, or fail because there is one. So it is looked for before each repetition.

    Args:
        find: returns what is there, in the form of the operation's answer; None: nothing is.

    Raises:
        AwsError: AWS refused, or did not answer.
    """

    def once() -> Any:
        with _sent_once(connection, operation):
            return getattr(connection, operation)(**parameters)

    for pause in (0, 1, 2, 4, 8, 16, 20, 20):
        time.sleep(random.uniform(0, pause))  # noqa: S311 - a pause is no secret
        # Then it is looked for below.
        with contextlib.suppress(_Repeated):
            return dict(_patiently(connection, operation, about, (), parameters, once))
        if (found := find()) is not None:
            return found
    raise AwsError(
        f"AWS did not accept {iam_action(connection, operation)} for {about}, or gave no answer,"
        " several times. Run again when AWS is less busy."
    )


def collect(
    connection: Any,
    operation: str,
    key: str,
    about: str,
    *,
    missing: Collection[str] = (),
    **parameters: Any,
) -> list[Any]:
    """All items under `key`, over all pages of one operation. Raises AwsError."""
    if not connection.can_paginate(operation):
        answer = call(connection, operation, about, missing=missing, **parameters)
        return list(answer.get(key, [])) if answer else []

    def send() -> list[Any]:
        pages = connection.get_paginator(operation).paginate(**parameters)
        return [item for page in pages for item in page.get(key, [])]

    return list(_patiently(connection, operation, about, missing, parameters, send) or ())


def tag_dict(tags: Collection[Mapping[str, str]] | None) -> dict[str, str]:
    """[{"Key": k, "Value": v}] (or with lower-case keys) as {k: v}."""
    return {
        tag.get("Key", tag.get("key", "")): tag.get("Value", tag.get("value", ""))
        for tag in tags or ()
    }


def tag_changes(
    current: Mapping[str, str], wanted: Mapping[str, str] | None, *, purge: bool
) -> tuple[dict[str, str], list[str]]:
    """(tags to set, keys to remove). `wanted` None leaves all as it is; aws: tags are AWS's own."""
    if wanted is None:
        return {}, []
    to_set = {k: str(v) for k, v in wanted.items() if current.get(k) != str(v)}
    to_drop = [k for k in current if k not in wanted and not k.startswith("aws:")] if purge else []
    return to_set, sorted(to_drop)


def wait_until(
    about: str,
    probe: Callable[[], str | None],
    *,
    timeout: float,
    interval: float = 15.0,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Call `probe` until it returns None; until then it returns what is still missing.

    A state from which the resource will not recover is the probe's to raise as
    AwsError. After `timeout` seconds: AwsError with the probe's last answer. The
    first pauses are short, since a small change (or an emulator) is done at once.
    """
    started = clock()
    pause = min(0.2, interval)
    with progress.telling(about, timeout) as teller:
        while (lacking := probe()) is not None:
            waited = clock() - started
            if waited >= timeout:
                raise AwsError(
                    f"{about}: not ready after {timeout:.0f} s (last seen: {lacking}). Check its"
                    " events in AWS, then run again, with a longer timeout if AWS is still working"
                    " on it."
                )
            teller.tell(lacking)
            sleep(min(pause, timeout - waited))
            pause = min(pause * 2, interval)
