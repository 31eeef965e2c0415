"""The External Secrets Operator: its program, its image and its chart, all of one Go module.

The chart in the module's folder lacks the custom resource definitions, which are made beside it,
and names a part that is in no Go proxy.
"""

from __future__ import annotations

from pathlib import Path

import yaml

from rehearsal.cluster.controllers import Controller, copy, files_below

VERSION = "v0.20.4"


def write_chart(upstream: Path, target: Path) -> None:
    """Copy the chart out of the module's folder `upstream`, complete enough to be installed."""
    chart = upstream / "deploy/charts/external-secrets"
    wanted = [chart / name for name in (".helmignore", "values.yaml", "values.schema.json")]
    copy([*wanted, *files_below(chart / "files"), *files_below(chart / "templates")], chart, target)
    description = yaml.safe_load((chart / "Chart.yaml").read_text())
    # A chart for Bitwarden, off by default. Helm refuses a dependency that is not there.
    description.pop("dependencies", None)
    # Upstream raises it after the version is tagged: there it is the one before.
    description |= {"version": VERSION.removeprefix("v"), "appVersion": VERSION}
    (target / "Chart.yaml").write_text(yaml.safe_dump(description, sort_keys=False))
    (target / "crds").mkdir()
    (target / "crds/bundle.yaml").write_bytes((upstream / "deploy/crds/bundle.yaml").read_bytes())


CONTROLLER = Controller(
    name="external-secrets",
    title="External Secrets",
    purpose="the External Secrets Operator run",
    module="github.com/external-secrets/external-secrets",
    version=VERSION,
    package="github.com/external-secrets/external-secrets",
    program="external-secrets",
    tag=VERSION,
    time="4 to 7 minutes on two cores",
    write_chart=write_chart,
    written_in=Path(__file__),
)
