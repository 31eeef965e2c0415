"""docs/iam: what each playbook may do is what it does, and all of it is needed."""

from __future__ import annotations

import random

import documents
import pytest
from accounts import ACCOUNT, NAME, OWNER, PLAYBOOKS, REGION, Account
from authorization_reference import exists
from policies import Question, emulated, statements, without

BEFORE = {"plan": [], "site": [], "outputs": ["site"], "destroy": ["site"], "sweep": ["site"]}
"""What the account's owner has run before a user runs a playbook."""


def test_the_documents_are_what_the_playbooks_call(
    asked: dict[str, set[Question]], request: pytest.FixtureRequest
) -> None:
    for playbook, questions in asked.items():
        wanted = statements(questions, NAME, ACCOUNT, REGION)
        if request.config.getoption("--write"):
            documents.write(playbook, wanted)
        assert documents.read(playbook) == wanted, f"docs/iam/{playbook}.json: run make iam"


@pytest.mark.parametrize("playbook", PLAYBOOKS)
def test_every_action_exists_and_is_limited_where_aws_can(playbook: str) -> None:
    wanted = documents.read(playbook)
    assert [action for action in documents.actions(wanted) if not exists(action)] == []
    assert documents.limitless(wanted) == []
    page = (documents.FOLDER.with_suffix(".md")).read_text()
    assert documents.table() in page


def test_each_playbook_runs_under_its_policy(
    own_account: Account, asked: dict[str, set[Question]]
) -> None:
    for playbook in PLAYBOOKS:
        wanted = emulated(documents.read(playbook), asked[playbook], NAME)
        user = own_account.user(f"{playbook}-operator", wanted)
        ran = own_account.play(playbook, user)
        assert ran.returncode == 0, f"{playbook}\n{ran.output}"


@pytest.mark.parametrize("playbook", PLAYBOOKS)
def test_no_action_can_be_spared(
    playbook: str,
    own_account: Account,
    asked: dict[str, set[Question]],
    choice: random.Random,
    request: pytest.FixtureRequest,
) -> None:
    wanted = documents.read(playbook)
    actions = documents.actions(wanted)
    sample = request.config.getoption("--sample")
    taken = actions if sample == "all" else choice.sample(actions, min(int(sample), len(actions)))
    spared = []
    for action in taken:
        own_account.aws.reset()
        for before in BEFORE[playbook]:
            assert own_account.play(before, OWNER).returncode == 0
        ran = own_account.play(
            playbook,
            own_account.user("operator", emulated(without(wanted, action), asked[playbook], NAME)),
        )
        if ran.returncode == 0 or action not in ran.output:
            spared.append(action)
    assert spared == [], f"{playbook} ran without, or did not name it: {spared}"
