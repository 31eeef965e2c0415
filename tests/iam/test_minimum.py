"""docs/iam: what each playbook may do is what it can't do without."""

from __future__ import annotations

import random

import documents
import pytest
from accounts import ACCOUNT, LIFE, NAME, PLAYBOOKS, REGION, States
from policies import statements, without
from support.authorization_reference import exists
from telling import Found


def test_the_documents_are_what_the_playbooks_missed(
    found: dict[str, Found], request: pytest.FixtureRequest
) -> None:
    for playbook, known in found.items():
        needed = {each for each in known.questions if each.action in known.named}
        wanted = statements(needed, NAME, ACCOUNT, REGION)
        if request.config.getoption("--write"):
            documents.write(playbook, wanted)
        assert documents.read(playbook) == wanted, f"docs/iam/{playbook}.json: run make iam"
    if request.config.getoption("--write"):
        documents.write_table()


@pytest.mark.parametrize("playbook", PLAYBOOKS)
def test_each_action_is_missed_by_name(playbook: str, found: dict[str, Found]) -> None:
    """The failure names it, and the playbook does not hide the failure."""
    assert set(documents.actions(documents.read(playbook))) == set(found[playbook].named)
    assert found[playbook].hidden == set()
    assert found[playbook].unnamed == {}, "\n".join(found[playbook].unnamed.values())


@pytest.mark.parametrize("playbook", PLAYBOOKS)
def test_every_action_exists_and_is_limited_where_aws_can(playbook: str) -> None:
    wanted = documents.read(playbook)
    assert [action for action in documents.actions(wanted) if not exists(action)] == []
    assert documents.limitless(wanted) == []
    assert documents.table() in documents.PAGE.read_text()


def test_each_playbook_runs_under_its_policy_and_uses_all_of_it(
    kept: States,
) -> None:
    """What only the repeated attempts had asked for would be too much."""
    unused = {playbook: set(documents.actions(documents.read(playbook))) for playbook in PLAYBOOKS}
    for scene in (scene for scene in LIFE if scene.playbook in PLAYBOOKS):
        wanted = documents.read(scene.playbook)
        with kept.account(scene.state) as account:
            user = account.user("operator", wanted, scene.playbook)
            ran = account.play(scene.playbook, user)
            assert ran.returncode == 0, f"{scene}\n{ran.output}"
            unused[scene.playbook] -= {each.action for each in account.questions(user)}
    assert unused == {playbook: set() for playbook in PLAYBOOKS}


@pytest.mark.parametrize("playbook", PLAYBOOKS)
def test_a_whole_run_without_an_action_names_it(
    playbook: str,
    kept: States,
    found: dict[str, Found],
    choice: random.Random,
    request: pytest.FixtureRequest,
) -> None:
    """As each module does: here the playbook ends, and what it prints has the action's name."""
    wanted = documents.read(playbook)
    actions = documents.actions(wanted)
    sample = min(int(request.config.getoption("--sample")), len(actions))
    spared = []
    censored = sorted(found[playbook].censored)
    for action in choice.sample(actions, sample) + choice.sample(censored, min(1, len(censored))):
        left = without(wanted, action)
        with kept.account(found[playbook].where[action].state) as account:
            ran = account.play(playbook, account.user("operator", left, playbook))
        if ran.returncode == 0 or action not in ran.output:
            spared.append(action)
    assert spared == [], f"{playbook} ran without, or did not name it: {spared}"
