"""Ask everything, and make a report of it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rag.eval import score
from rag.eval.client import Backend, Reply
from rag.eval.dataset import ANSWERABLE, KINDS, Dataset, Question

MOST_HITS = 50
"""Passages for a query: several of them may be of one document."""


@dataclass(frozen=True)
class Asked:
    """A question and what came of it."""

    question: Question
    reply: Reply
    outcome: str


def answers(backend: Backend, questions: Sequence[Question]) -> list[Asked]:
    """Ask every question, one after the other."""
    found = []
    for question in questions:
        reply = backend.ask(question.question)
        outcome = score.outcome(question, reply.answer, refused=reply.refused)
        found.append(Asked(question, reply, outcome))
    return found


def report(asked: Sequence[Asked]) -> dict[str, Any]:
    """Figures of the answers; rates are of their kind and have 95 % intervals."""
    made: dict[str, Any] = {"kinds": {kind: _kind(asked, kind) for kind in KINDS}}
    known = [item for item in asked if item.reply.confidence is not None]
    questions = [item.question for item in known]
    confidences = [item.reply.confidence or 0.0 for item in known]
    for against in ("unanswerable", "off_domain"):
        made[f"refusal_auc_{against}"] = score.refusal_area(questions, confidences, against)
    pairs = [score.cited(item.question, item.reply.answer, item.reply.excerpts) for item in asked]
    stated = sum(total for _held, total in pairs)
    made["citation_precision"] = sum(held for held, _total in pairs) / stated if stated else None
    seconds = [item.reply.seconds for item in asked]
    made["seconds"] = {
        name: score.quantile(seconds, share) for name, share in (("p50", 0.5), ("p95", 0.95))
    }
    return made


def _kind(asked: Sequence[Asked], kind: str) -> dict[str, Any]:
    own = [item for item in asked if item.question.kind == kind]
    counts = Counter(item.outcome for item in own)
    good = "right" if kind in ANSWERABLE else "refused"
    low, high = score.interval([float(item.outcome == good) for item in own])
    return {
        "questions": len(own),
        **{name: counts[name] for name in score.OUTCOMES},
        "good": counts[good] / len(own) if own else None,
        "interval": [low, high] if own else None,
    }


def retrieval(backend: Backend, data: Dataset, ids: dict[str, str]) -> dict[str, Any] | None:
    """nDCG@10 and recall@10 of /v1/search; None without judgements. ids: file -> id."""
    names: dict[str, list[str]] = {}
    for name, made in ids.items():
        # The same text is one document.
        names.setdefault(made, []).append(name)
    gains, recalls = [], []
    for query, wanted in data.wanted.items():
        if query not in data.queries:
            continue
        found = backend.search(data.queries[query], MOST_HITS)
        ranked = [name for item in found for name in names.get(item, ())]
        gains.append(score.gain(ranked, wanted))
        recalls.append(score.recall(ranked, wanted))
    if not gains:
        return None
    return {
        "queries": len(gains),
        "ndcg@10": {"mean": sum(gains) / len(gains), "interval": score.interval(gains)},
        "recall@10": {"mean": sum(recalls) / len(recalls), "interval": score.interval(recalls)},
    }


def details(asked: Sequence[Asked]) -> list[dict[str, Any]]:
    """Every question with its answer, for a reader."""
    return [
        {
            "id": item.question.id,
            "kind": item.question.kind,
            "question": item.question.question,
            "outcome": item.outcome,
            **asdict(item.reply),
        }
        for item in asked
    ]
