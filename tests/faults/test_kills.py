"""Runs killed at a mutating call, before AWS took it and after, and started again.

By default a few points of each component, chosen by a seed that is printed; `make faults` tries
each mutating call. A failure names the point: `--seed` brings it back.
"""

from __future__ import annotations

import random
from collections import Counter

import pytest
from support.faults.killing import Bench, Failed, Point
from support.faults.subjects import SUBJECTS
from table import Row, Table


def points(calls: dict[str, list[str]], subject: str) -> list[Point]:
    """All points at which a component's life can be killed."""
    return [
        Point(subject, job, nth + 1, after)
        for job, made in calls.items()
        for nth in range(len(made))
        for after in (False, True)
    ]


def draw(every: list[Point], tries: int, seed: str) -> list[Point]:
    """Some of the points, the same ones for the same seed."""
    return random.Random(seed).sample(every, min(tries, len(every)))  # noqa: S311 - no secrets


@pytest.mark.parametrize("name", SUBJECTS)
def test_a_killed_run_is_taken_up_by_the_next(
    name: str, bench: Bench, table: Table, seed: int, tries: int | None
) -> None:
    """It converges, makes nothing twice, and destroy afterwards leaves nothing."""
    subject, row = SUBJECTS[name], table.row(f"kill -9: {name}")
    every = points(bench.calls(subject), name)
    chosen = every if tries is None else draw(every, tries, f"{seed} {name}")
    for point in chosen:
        bench.settle_in(subject)  # a key that is pending deletion would be taken up again
        try:
            bench.survive(subject, point)
        except Failed as failure:
            row.failed(f"{point}: {failure}")
        else:
            row.passed()
    assert not row.failures, "\n".join([f"--seed {seed}", *row.failures])


@pytest.mark.parametrize("name", SUBJECTS)
def test_a_lost_answer_stops_no_run(
    name: str, bench: Bench, table: Table, seed: int, tries: int | None
) -> None:
    """AWS took the call and the answer got lost: the same run converges, and nothing is twice."""
    subject, row = SUBJECTS[name], table.row(f"lost answer: {name}")
    every = [point for point in points(bench.calls(subject), name) if point.after]
    chosen = every if tries is None else draw(every, tries, f"{seed} lost {name}")
    for point in chosen:
        bench.settle_in(subject)
        try:
            bench.lose(subject, point.job, point.nth)
        except Failed as failure:
            row.failed(f"{point}: {failure}")
        else:
            row.passed()
    assert not row.failures, "\n".join([f"--seed {seed}", *row.failures])


@pytest.mark.parametrize("name", SUBJECTS)
def test_ten_percent_of_the_calls_fail(name: str, bench: Bench, table: Table, seed: int) -> None:
    """Throttled, answered with a 500, or cut off: the run converges without help."""
    subject, row = SUBJECTS[name], table.row(f"10 % faults: {name}")
    bench.calls(subject)
    rates = {"throttle": 0.05, "fail": 0.03, "reset": 0.02}
    try:
        for kind in ("present", "absent"):
            job, within = getattr(subject, kind), bench.count(subject, kind)
            bench.run(job, seed=f"{seed} {name}", rates=rates, within=within)
            injected = len(bench.faults.report()["injected"])
            assert injected, f"no fault in {within} calls"
            row.injected += injected
            assert bench.run(job) is False, "the run after the faults still changed something"
            whole = bench.whole(subject) if kind == "present" else Counter()
            bench.expect(whole, "after the run with faults")
    except Failed as failure:
        row.failed(str(failure))
        raise AssertionError(f"--seed {seed}: {failure}") from failure
    row.passed()


@pytest.mark.parametrize("name", SUBJECTS)
def test_each_component_goes_though_aws_refuses(name: str, bench: Bench) -> None:
    """What AWS refuses for a while (held addresses, logs that come back) is asked for again."""
    subject = SUBJECTS[name]
    bench.settle_in(subject)
    bench.run(subject.present)
    bench.run(subject.absent, refusals=["*"])
    bench.expect(Counter(), "after destroy")
    if name == "network":
        refused = " ".join(bench.faults.report()["injected"])
        assert "InvalidNetworkInterfaceID.NotFound ec2:ReleaseAddress" in refused


def test_the_table_tells_failures(table: Table) -> None:
    """A table in which nothing can fail would prove nothing."""
    row = Row("a row that no test has")
    row.passed()
    row.failed("kms present, after mutating call 1: too many: {'key': 1}, lacking: {}")
    row.failed("kms absent, before mutating call 1: after destroy: too many: {'key': 1}")
    assert (row.tried, row.converged, row.duplicates, row.leaks) == (3, 1, 1, 1)
    assert row.name not in table.text()
