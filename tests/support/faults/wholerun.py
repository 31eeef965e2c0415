"""Whole runs of site.yml and destroy.yml over the AWS layer, which may be killed."""

from __future__ import annotations

import re
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from support.ansible_runs import ansible_environment
from support.checkout import BIN, ROOT
from support.emulator import Aws
from support.faults.killing import Faults

LAYER = {
    "foundation": ["network", "kms", "ecr", "secrets", "s3"],
    "data": ["eks", "rds", "elasticache"],
}
FURTHER = {"identity": ["workload_identity"]}
"""What AWS alone has, too, and not every test runs."""
PATIENCE = 1200
"""Seconds for a playbook; it takes less than one minute on an idle machine."""


@dataclass
class Run:
    """A playbook's end. code: None when it was killed."""

    code: int | None
    output: str

    @property
    def changed(self) -> int:
        """How many tasks changed something."""
        return sum(self.hosts.values())

    @property
    def hosts(self) -> dict[str, int]:
        """How many tasks changed something, by host."""
        found = re.findall(r"^(\S+) +: .*changed=(\d+)", self.output, re.MULTILINE)
        return {host: int(count) for host, count in found}


@dataclass(frozen=True)
class Platform:
    """A checkout's dev environment, of the components that AWS alone has."""

    aws: Aws
    inventory: Path
    sweep: tuple[tuple[str, int], ...] = (("platform_sweep_retries", 0),)

    @classmethod
    def of(cls, aws: Aws, folder: Path, phases: Sequence[str] = tuple(LAYER)) -> Platform:
        """An inventory with these phases of the layer; the other phases have no component."""
        components = {**LAYER, **FURTHER}
        every = (*components, "addons", "vectors", "application", "verification")
        groups = {
            phase: {"hosts": dict.fromkeys(components.get(phase, ()) if phase in phases else ())}
            for phase in every
        }
        variables = {
            "ansible_connection": "local",
            "ansible_python_interpreter": "{{ ansible_playbook_python }}",
        }
        platform = {"vars": variables, "children": groups}
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "hosts.yml").write_text(
            yaml.safe_dump({"all": {"children": {"platform": platform}}})
        )
        settings = folder / "group_vars"
        if not settings.exists():
            settings.symlink_to(ROOT / "inventories/dev/group_vars")
        return cls(aws, folder)

    def play(
        self, playbook: str, *arguments: str, ready: Callable[[int], None] = lambda _: None
    ) -> Run:
        """Run a playbook. ready: is told its process before it has called anything."""
        argv = [str(BIN / "ansible-playbook"), playbook, "-i", str(self.inventory), *arguments]
        fixed = ["--skip-tags", "preflight", "-e", "eks_log_watch_seconds=0"]
        sweeping = [text for name, value in self.sweep for text in ("-e", f"{name}={value}")]
        process = subprocess.Popen(
            [*argv, *fixed, *sweeping],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=ansible_environment(self.aws.environment),
        )
        ready(process.pid)
        output, _ = process.communicate(timeout=PATIENCE)
        killed = process.returncode == -signal.SIGKILL
        return Run(None if killed else process.returncode, output)

    def site(self, **more: Callable[[int], None]) -> Run:
        """Roll out."""
        return self.play("site.yml", **more)

    def destroy(self, *arguments: str, **more: Callable[[int], None]) -> Run:
        """Destroy; data goes only when the arguments say so."""
        return self.play("destroy.yml", "-e", "confirm=dev", *arguments, **more)


def killed_at(faults: Faults, nth: int, after: bool, **plan: Any) -> Callable[[int], None]:
    """What plans the death of a run at its nth mutating call."""

    def ready(leader: int) -> None:
        faults.plan(kill={"leader": leader, "nth": nth, "after": after}, **plan)

    return ready


ONCE = ("vpc", "nat_gateway", "elastic_ip", "internet_gateway", "key", "cluster", "oidc_provider")
"""What the layer has exactly one of, and AWS would give twice."""


def doubled(found: Mapping[str, int]) -> dict[str, int]:
    """What there is more than once, of that which is named or should be there once."""
    many = {name: count for name, count in found.items() if count > 1}
    return {n: c for n, c in many.items() if n.split()[1] in ONCE or len(n.split()) > 2}
