"""What the phases of the cluster need: `rehearsal exec -- python rehearsed.py OUT`.

The account's owner lays the AWS layer. Then an IAM user, who may do all in the cluster by an
access entry and nothing in AWS, runs the other phases and verify.yml as telling.py says. Writes
{playbook: {named, hidden, spared, questions}} as JSON.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from accounts import CLUSTER, OWNER, Account, User, beside
from support.checkout import ROOT
from support.emulator import Aws
from telling import Found, confirm, find_needs

HERE = Path(__file__).resolve().parent
INVENTORY = "inventories/rehearsal"
NAME = "ragops-rehearsal"
SETTINGS = ("AWS_CA_BUNDLE", "AWS_CONFIG_FILE", "AWS_EC2_METADATA_DISABLED")
ADMINISTRATOR = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"


def let_in(account: Account, user: User) -> None:
    """Give a user all rights in the cluster."""
    eks, arn = account.client("eks"), f"arn:aws:iam::000000000000:user/{user.name}"
    eks.create_access_entry(clusterName=NAME, principalArn=arn)
    eks.associate_access_policy(
        clusterName=NAME, principalArn=arn, policyArn=ADMINISTRATOR, accessScope={"type": "cluster"}
    )


def main() -> None:
    """Roll out, and write what was found."""
    folder = ROOT / ".rehearsal/iam"
    folder.mkdir(exist_ok=True)
    warm = folder / "warm"
    warm.unlink(missing_ok=True)
    decisions = ROOT / ".rehearsal/aws_decisions.jsonl"
    settings = {name: os.environ[name] for name in SETTINGS}
    aws = Aws(os.environ["AWS_ENDPOINT_URL"])
    account = Account(aws, decisions, folder, INVENTORY, settings, NAME)
    ran = account.play("layer", OWNER)
    assert ran.returncode == 0, ran.output
    found: dict[str, Found] = {}
    with beside([sys.executable, str(HERE / "warm.py"), str(warm)], folder / "warm.log"):
        for playbook in CLUSTER:
            found[playbook] = Found()
            find_needs(account, playbook, found[playbook], str(warm), let_in)
            confirm(account, playbook, found[playbook], let_in)
    report = {
        playbook: {
            "named": known.named,
            "hidden": sorted(known.hidden),
            "unnamed": sorted(known.unnamed),
            "spared": sorted(known.spared),
            "questions": sorted(known.questions),
        }
        for playbook, known in found.items()
    }
    Path(sys.argv[1]).write_text(json.dumps(report))


if __name__ == "__main__":
    main()
