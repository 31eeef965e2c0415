"""Settings of DB instances that AWS keeps and reports, and ministack takes and forgets."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Mapping
from typing import Any
from xml.sax.saxutils import escape

from rehearsal.aws.rds import changes, states
from rehearsal.aws.wire.query import Action, Parameters, Response, listed, one


def adjust(rds: Any) -> None:
    """Keep an instance's backup window and log exports. rds: ministack's module."""
    actions: dict[str, Action] = rds._ACTION_MAP
    for name in ("CreateDBInstance", "ModifyDBInstance"):
        actions[name] = functools.partial(keep_of_instance, rds, actions[name])
    rds._instance_xml = functools.partial(with_log_exports, rds._instance_xml)
    rds._instance_xml = functools.partial(with_insights_key, rds._instance_xml)
    changes.adjust(rds)
    states.adjust(rds, os.environ)


def keep_of_instance(rds: Any, action: Action, parameters: Parameters) -> Response:
    """AWS: PreferredBackupWindow counts at creation, log exports at creation and later."""
    response = action(parameters)
    instance = rds._resolve_instance(one(parameters, "DBInstanceIdentifier"))
    if response[0] != 200 or not instance:
        return response
    if window := one(parameters, "PreferredBackupWindow"):
        instance["PreferredBackupWindow"] = window
    change = "CloudwatchLogsExportConfiguration"
    exports = set(instance.get("EnabledCloudwatchLogsExports") or ())
    exports |= set(listed(parameters, "EnableCloudwatchLogsExports"))
    exports |= set(listed(parameters, f"{change}.EnableLogTypes"))
    exports -= set(listed(parameters, f"{change}.DisableLogTypes"))
    instance["EnabledCloudwatchLogsExports"] = sorted(exports)
    return response


def with_insights_key(original: Callable[[Any], str], instance: Mapping[str, Any]) -> str:
    """AWS: PerformanceInsightsKMSKeyId is the key that they are encrypted with."""
    name, beside = "PerformanceInsightsKMSKeyId", "<PerformanceInsightsRetentionPeriod>"
    if not (key := instance.get(name)):
        return original(instance)
    return original(instance).replace(beside, f"<{name}>{escape(key)}</{name}>{beside}")


def with_log_exports(original: Callable[[Any], str], instance: Mapping[str, Any]) -> str:
    """AWS: EnabledCloudwatchLogsExports lists them. ministack's is always empty."""
    members = "".join(
        f"<member>{escape(name)}</member>"
        for name in instance.get("EnabledCloudwatchLogsExports") or ()
    )
    return original(instance).replace(
        "<EnabledCloudwatchLogsExports/>",
        f"<EnabledCloudwatchLogsExports>{members}</EnabledCloudwatchLogsExports>",
    )
