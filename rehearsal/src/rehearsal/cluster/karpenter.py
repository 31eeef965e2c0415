"""Karpenter: its program, its image and its chart, all of one Go module.

In the project's repository the chart's folder `crds` is a link to the definitions, and a Go module
has no links.
"""

from __future__ import annotations

from pathlib import Path

import yaml

from rehearsal.cluster.controllers import Controller, copy, files_below

VERSION = "v1.14.1"
NUMBER = VERSION.removeprefix("v")


def write_chart(upstream: Path, target: Path) -> None:
    """Copy the chart out of the module's folder `upstream`, as it is when it is packaged."""
    chart = upstream / "charts/karpenter"
    copy(
        [chart / ".helmignore", chart / "values.yaml", *files_below(chart / "templates")],
        chart,
        target,
    )
    definitions = upstream / "pkg/apis/crds"
    copy(files_below(definitions), definitions, target / "crds")
    # Both are set when it is packaged: in the repository they are those of an earlier release.
    description = yaml.safe_load((chart / "Chart.yaml").read_text())
    description |= {"version": NUMBER, "appVersion": NUMBER}
    (target / "Chart.yaml").write_text(yaml.safe_dump(description, sort_keys=False))


CONTROLLER = Controller(
    name="karpenter",
    title="Karpenter",
    purpose="Karpenter make nodes",
    module="github.com/aws/karpenter-provider-aws",
    version=VERSION,
    package="github.com/aws/karpenter-provider-aws/cmd/controller",
    program="controller",
    tag=NUMBER,
    time="3 to 5 minutes on two cores",
    write_chart=write_chart,
    written_in=Path(__file__),
    stamp=f"-X sigs.k8s.io/karpenter/pkg/operator.Version={NUMBER}",
)
