# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""By whose word the application believes its database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from .._inputs.rules import Inputs
from .._rds.authorities import of_region
from ..aws import AwsError

SHIPPED = "app_rollout/files/rds-authorities.pem"


def problems(inputs: Inputs, rds: Inputs, roles: Path, region: str) -> Iterator[str]:
    """Yield why the database's certificate could not be checked.

    Args:
        inputs: of role app_rollout, typed.
        rds: of role rds, {} without it.
        roles: folder of the roles, with the authorities that are shipped.
        region: platform_region.
    """
    if inputs.get("app_rollout_state") == "absent" or rds.get("rds_sslmode") == "require":
        return
    given = inputs.get("app_rollout_database_ca")
    if given == "":
        return
    file = Path(str(given)) if given else roles / SHIPPED
    try:
        of_region(file.read_text(), region)
    except (OSError, ValueError) as error:
        yield (
            f"app_rollout: app_rollout_database_ca is {str(file)!r}, which cannot be read: {error}."
        )
    except AwsError as error:
        yield f"app_rollout: app_rollout_database_ca is {file}, which {error}."
