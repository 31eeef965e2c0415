# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Whether the SDK would send a request: asked in check mode, too, so that no plan promises more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .aws import AwsError


def check(client: Any, operation: str, about: str, parameters: Mapping[str, Any]) -> None:
    """Refuse parameters that the service's model refuses: their types, names and lengths.

    Args:
        client: boto3 client of the service.
        operation: its method.
        about: the resource, as in other errors.
        parameters: of the call.

    Raises:
        AwsError: names the parameters, and none of their values, which may be secret.
    """
    # Modules are read where botocore is not.
    from botocore.validate import ParamValidator

    name = client.meta.method_to_api_mapping[operation]
    model = client.meta.service_model.operation_model(name)
    # The SDK makes these itself.
    tokens = dict.fromkeys(model.idempotent_members, "0" * 36)
    report = ParamValidator().validate({**tokens, **parameters}, model.input_shape)
    if report.has_errors():
        # Its text quotes the values.
        wrong = [
            " ".join((place.removeprefix("."), reason, str(more.get("required_name", ""))))
            for reason, place, more in report._errors
        ]
        service = client.meta.service_model.service_name
        raise AwsError(
            f"{service}:{name} for {about} cannot be sent: {'; '.join(map(str.strip, wrong))}."
            " Give these inputs the type in the README of the role, and put texts in quotes."
        )
