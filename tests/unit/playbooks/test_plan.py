"""playbooks/plan.yml over roles that really change something: it never lets them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest
from support.ansible_runs import Ran, run_playbook
from support.checkout import ROOT
from support.emulator import Aws

# `network` writes a file, `kms` has a secret, `s3` fails if asked to.
ROLES = {
    "network": """
- name: present | Write {{ network_state | default('present') }}
  ansible.builtin.copy:
    content: "{{ network_state | default('present') }}"
    dest: "{{ playbook_dir }}/../written"
    mode: "0600"
- name: present | Say what would be made
  ragops.platform.planned:
    create: [vpc ragops-dev, subnet ragops-dev-a]
    because: this is a test
  when: ansible_check_mode
- name: present | Look something up in check mode
  ansible.builtin.copy:
    content: never
    dest: "{{ playbook_dir }}/../never"
    mode: "0600"
  check_mode: true
  when: not ansible_check_mode
""",
    "kms": """
- name: present | Make a secret
  ansible.builtin.copy:
    content: hunter2
    dest: "{{ playbook_dir }}/../hunter2"
    mode: "0600"
  no_log: true
  when: with_secret | default(false) | bool
""",
    "s3": """
- name: present | Break
  ansible.builtin.fail:
    msg: there is no s3 today
  when: broken | default(false) | bool
""",
}


# A network whose subnets AWS refuses when the VPC is there.
NETWORK = """
- name: present | Bring the network to its state
  ragops.platform.vpc_network:
    name: ragops-dev
    cidr_block: 10.20.0.0/16
    availability_zones: [us-east-1a, us-east-1b]
    tags: {Project: ragops, Environment: dev, Component: network, ManagedBy: ragops.platform}
    region: us-east-1
"""


@contextmanager
def refusing(aws: Aws, action: str) -> Iterator[Aws]:
    """Pass calls on to an emulated AWS, and refuse one action of EC2 as AWS does."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if f"Action={action}&" in body.decode():
                error = f"<Code>InvalidParameterValue</Code><Message>{action} is refused</Message>"
                self.answer(400, f"<Response><Errors><Error>{error}</Error></Errors></Response>")
                return
            answer = httpx.post(aws.url, content=body, headers=dict(self.headers), timeout=60)
            self.answer(answer.status_code, answer.text)

        def answer(self, status: int, text: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "text/xml")
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            """Write nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield Aws(f"http://127.0.0.1:{server.server_port}")
        server.shutdown()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The checkout's playbooks and inventories over three small roles."""
    for name in ("site.yml", "ansible.cfg", "galaxy.yml"):
        shutil.copy(ROOT / name, tmp_path / name)
    for name in ("playbooks", "inventories", "group_vars", "collections", "meta"):
        shutil.copytree(ROOT / name, tmp_path / name, symlinks=True)
    (tmp_path / "plugins").symlink_to(ROOT / "plugins")
    for role, tasks in {**ROLES, "preflight": "[]"}.items():
        file = tmp_path / "roles" / role / "tasks/main.yml"
        file.parent.mkdir(parents=True)
        file.write_text(tasks)
    return tmp_path


def play(checkout: Path, playbook: str, *arguments: str, **environment: str) -> Ran:
    return run_playbook(
        checkout,
        *(playbook, "-i", "inventories/dev", "--limit", "network,kms,s3", *arguments),
        environment={**Aws("http://127.0.0.1:9").environment, **environment},
    )


def plan(checkout: Path, *arguments: str, **environment: str) -> tuple[Ran, Any]:
    """Run the plan; return it and the rows of its file (None if there is no file)."""
    file = checkout / "plan.json"
    run = play(checkout, "playbooks/plan.yml", "-e", f"plan_file={file}", *arguments, **environment)
    return run, json.loads(file.read_text()) if file.exists() else None


WRITTEN = {
    "component": "network",
    "resource": "Write present",
    "id": "",
    "action": "change",
    "fields": [],
}


def test_a_plan_is_in_check_mode_though_nobody_asked_for_it(checkout: Path) -> None:
    run, rows = plan(checkout)
    assert run.returncode == 0, run.output
    assert not (checkout / "written").exists(), "the plan changed something"
    made = [("subnet ragops-dev-a", "ragops-dev-a"), ("vpc ragops-dev", "ragops-dev")]
    assert rows == [
        WRITTEN,
        *(
            {
                "component": "network",
                "resource": resource,
                "id": identity,
                "action": "create",
                "fields": [],
            }
            for resource, identity in made
        ),
    ]
    assert (checkout / "plan.json").stat().st_mode & 0o777 == 0o600
    table = run.output.split("PLAN *")[1]
    assert "network    subnet ragops-dev-a  create" in table
    assert "network    2       1       0" in table


def test_site_in_check_mode_tells_the_same_and_then_does_it(checkout: Path) -> None:
    _, planned = plan(checkout)
    file = checkout / "check.json"
    same = ("site.yml", "--skip-tags", "preflight,lock", "--tags", "network")
    checked = play(checkout, *same, "--check", "--diff", "-e", f"plan_file={file}")
    assert checked.returncode == 0, checked.output
    assert json.loads(file.read_text()) == planned
    changes = checkout / "changes.json"
    done = play(checkout, *same, "-e", f"changes_file={changes}")
    assert done.returncode == 0, done.output
    assert (checkout / "written").read_text() == "present"
    assert json.loads(changes.read_text()) == [WRITTEN], "what is looked up is no change"
    assert "CHANGES *" in done.output


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "A plan needs check mode, and check mode is off"),
        (("--check",), "which collects the changes, is not enabled here"),
    ],
)
def test_a_plan_without_its_callback_is_refused(
    checkout: Path, arguments: tuple[str, ...], says: str
) -> None:
    run, rows = plan(checkout, *arguments, ANSIBLE_CALLBACKS_ENABLED="ansible.posix.timer")
    assert run.returncode == 2
    assert says in " ".join(run.output.split())
    assert "callbacks_enabled = ragops.platform.plan" in " ".join(run.output.split())
    assert rows is None
    assert not (checkout / "written").exists()


def test_drift_can_fail_a_pipeline(checkout: Path) -> None:
    run, rows = plan(checkout, "-e", "plan_fail_on_change=true")
    assert run.returncode == 2
    assert "3 resources of ragops-dev would change (network)" in " ".join(run.output.split())
    assert len(rows) == 3, "the file is written all the same"
    calm, rows = plan(checkout, "-e", "plan_fail_on_change=true", "--limit", "s3")
    assert calm.returncode == 0, calm.output
    assert rows == []
    assert "Nothing to change." in calm.output


def test_a_plan_that_failed_leaves_no_older_one_behind(checkout: Path) -> None:
    (checkout / "plan.json").write_text("[]")
    run, rows = plan(checkout, "-e", "broken=true")
    assert run.returncode == 2
    assert rows is None
    assert "Not complete, because tasks failed: s3." in run.output
    assert "s3: present | Break: there is no s3 today" in run.output


def test_a_plan_of_removal(checkout: Path) -> None:
    run, rows = plan(checkout, "-e", "plan_goal=absent")
    assert run.returncode == 0, run.output
    assert "Write absent" in {row["resource"] for row in rows}
    run, rows = plan(checkout, "-e", "plan_goal=gone")
    assert run.returncode == 2
    assert "plan_goal is gone. Set it to present" in " ".join(run.output.split())


def test_hidden_tasks_show_no_value(checkout: Path) -> None:
    run, rows = plan(checkout, "-e", "with_secret=true", "--limit", "kms", "--diff")
    assert [row["resource"] for row in rows] == ["Make a secret"]
    assert "hunter2" not in json.dumps(rows)
    assert "hunter2" not in run.output


def test_a_plan_of_one_component(checkout: Path) -> None:
    run, rows = plan(checkout, "--tags", "kms")
    assert run.returncode == 0, run.output
    assert rows == []


def test_what_a_module_made_before_it_failed_is_told(checkout: Path, aws: Aws) -> None:
    """A half network is billed, and whoever pays must be told of it."""
    (checkout / "roles/network/tasks/main.yml").write_text(NETWORK)
    file = checkout / "changes.json"
    with refusing(aws, "CreateSubnet") as half:
        run = run_playbook(
            checkout,
            *("site.yml", "-i", "inventories/dev", "--limit", "network"),
            *("-e", f"changes_file={file}"),
            environment=half.environment,
        )
    assert run.returncode == 2, run.output
    assert "CreateSubnet is refused" in run.output
    table = run.output.split("CHANGES *")[1]
    assert "network    vpc ragops-dev" in table, table
    assert "Not complete, because tasks failed: network." in table
    rows = json.loads(file.read_text())
    assert ("vpc ragops-dev", "create") in {(row["resource"], row["action"]) for row in rows}
    assert not any("subnet" in row["resource"] for row in rows), "AWS refused them"
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_plan_whose_callback_fails_is_none(checkout: Path) -> None:
    """Ansible makes a warning of it, and the plan would say that nothing is to change."""
    module_utils = checkout / "plugins"
    module_utils.unlink()
    shutil.copytree(ROOT / "plugins", module_utils)
    rows_py = module_utils / "module_utils/_plan/rows.py"
    broken = rows_py.read_text().replace(
        "def rows_of(task: Task) -> list[Row]:",
        "def rows_of(task: Task) -> list[Row]:\n    raise LookupError('a new Ansible')\n",
    )
    rows_py.write_text(broken)
    run, rows = plan(checkout)
    assert run.returncode == 1, run.output
    assert rows is None, "a file would pass for a plan"
    said = " ".join(run.output.split())
    assert (
        "callback ragops.platform.plan failed (v2_runner_on_ok: LookupError: a new Ansible" in said
    )
    assert "Nothing to change." not in said
