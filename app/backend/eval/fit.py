"""Fit the coefficients of `rag.ask.model` to questions whose answers are known.

`PYTHONPATH=src:tests python eval/fit.py DOCUMENTS` starts servers as the tests do, takes the
documents in, gathers the evidence for the questions of the half `dev`, and writes
`src/rag/ask/coefficients.json`. Nothing here runs in the backend.
"""

import asyncio
import json
import os
import re
import statistics
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from plain_questions import DOCUMENTS
from retrieval import world

from rag.access.scope import Scope
from rag.adapters.embedder import OnnxEmbedder
from rag.adapters.remembering import RememberingEmbedder
from rag.ask import evidence as rated
from rag.ask.evidence import Evidence
from rag.ask.gather import Gathered, Gatherer
from rag.eval.dataset import ANSWERABLE, Kind, Question, load
from rag.eval.score import area, flat
from rag.languages.detect import DEFAULT
from rag.lifespan import lifespan
from rag.logs import configure
from rag.main import create_app
from rag.metrics import Metrics
from rag.settings import Settings, read

HERE = Path(__file__).parent
TARGET = HERE.parent / "src/rag/ask/coefficients.json"
RIDGE_RANKING, RIDGE_VERDICT = 24.0, 12.0
REMOVED = 0.25
"""Weight of a question whose answer was taken out of the evidence: what is left may still do."""
OFF_DOMAIN = 0.5
SMALL = 0.35
"""Weight of a question about a small document, which is asked twice: alone, and among the rest."""
MOST_REFUSED, MOST_ANSWERED = 0.10, 0.15
"""Goals: shares of answerable questions refused, and of unanswerable ones answered."""
Case = tuple[Question, Gathered]


def holds(question: Question, each: Evidence) -> bool:
    """Whether a unit holds a fact of the answer, in the right document."""
    named = question.document in ("", each.unit.passage.filename)
    text = flat(each.unit.text)
    return named and any(fact.search(text) for fact in question.facts)


def table(rows: Iterable[dict[str, float]]) -> tuple[np.ndarray, list[str]]:
    """Features as a matrix with the names of its columns."""
    given = list(rows)
    names = list(given[0])
    return np.array([[row[name] for name in names] for row in given]), names


def fit_ranking(cases: Sequence[Case]) -> dict[str, float]:
    """A conditional logit: the unit with the answer stands before all others of its question."""
    lists, names = [], []
    for question, gathered in cases:
        right = np.array([holds(question, each) for each in gathered.every], dtype=float)
        if right.any():
            matrix, names = table(rated.ranking(gathered.asked, gathered.every))
            lists.append((matrix, right))
    spread = np.concatenate([matrix for matrix, _right in lists]).std(axis=0) + 1e-6
    found = np.zeros(len(names))
    for _step in range(300):
        slope = -RIDGE_RANKING * found
        for matrix, right in lists:
            scaled = matrix / spread
            share = np.exp(scaled @ found - (scaled @ found).max())
            share /= share.sum()
            wanted = share * right
            slope += scaled.T @ (wanted / wanted.sum() - share)
        found += 0.5 * slope / len(lists)
    return dict(zip(names, (found / spread).round(3).tolist(), strict=True))


def ordered(
    ranking: dict[str, float], gathered: Gathered, every: Sequence[Evidence]
) -> list[tuple[Evidence, float]]:
    """The evidence with its scores, best first."""
    scores = [
        sum(ranking[name] * value for name, value in row.items())
        for row in rated.ranking(gathered.asked, every)
    ]
    return [(every[n], scores[n]) for n in np.argsort(-np.array(scores))]


@dataclass(frozen=True)
class Verdicts:
    """One row for each question, and for each one whose answer was taken out (`removed`)."""

    matrix: np.ndarray
    names: list[str]
    weights: np.ndarray
    kinds: np.ndarray
    documents: np.ndarray
    halves: np.ndarray

    @property
    def right(self) -> np.ndarray:
        """1 where there is an answer."""
        return np.isin(self.kinds, ANSWERABLE).astype(float)


def usual_score(cases: Sequence[Case], ranking: dict[str, float]) -> float:
    """The middle score of what is weighed for a question of a large collection."""
    many = [gathered for _question, gathered in cases if len(gathered.every) >= rated.USUAL]
    middles = [
        statistics.median(score for _each, score in ordered(ranking, gathered, gathered.every))
        for gathered in many
    ]
    return round(statistics.median(middles), 3)


def verdicts(cases: Sequence[Case], ranking: dict[str, float], usual: float) -> Verdicts:
    """What the second model learns from."""
    rows, weights, kinds, documents, halves = [], [], [], [], []

    def add(question: Question, kind: str, gathered: Gathered, every: Sequence[Evidence]) -> None:
        rows.append(rated.verdict(gathered.asked, ordered(ranking, gathered, every), usual))
        share = SMALL if question.half == "small" else 1.0
        weights.append({"off_domain": OFF_DOMAIN, "removed": REMOVED}.get(kind, 1.0) * share)
        halves.append(question.half)
        kinds.append(kind)
        documents.append(question.document or question.id)

    for question, gathered in cases:
        if not gathered.every:
            continue
        without = [each for each in gathered.every if not holds(question, each)]
        if question.kind not in ANSWERABLE:
            add(question, question.kind, gathered, gathered.every)
        elif len(without) < len(gathered.every):
            add(question, question.kind, gathered, gathered.every)
            if without:
                add(question, "removed", gathered, without)
    matrix, names = table(rows)
    return Verdicts(
        matrix, names, np.array(weights), np.array(kinds), np.array(documents), np.array(halves)
    )


def logistic(matrix: np.ndarray, right: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """A ridge regression: coefficients, last the constant."""
    middle, spread = matrix.mean(axis=0), matrix.std(axis=0) + 1e-6
    scaled = np.c_[(matrix - middle) / spread, np.ones(len(matrix))]
    found = np.zeros(scaled.shape[1])
    ridge = np.eye(len(found)) * RIDGE_VERDICT
    ridge[-1, -1] = 1e-3
    for _step in range(40):
        share = 1 / (1 + np.exp(-scaled @ found))
        slope = scaled.T @ (weights * (share - right)) + ridge @ found
        curve = (scaled * (weights * share * (1 - share))[:, None]).T @ scaled + ridge
        found -= np.linalg.solve(curve, slope)
    plain = found[:-1] / spread
    return np.r_[plain, found[-1] - plain @ middle]


def held_out(given: Verdicts) -> np.ndarray:
    """The score of each row by a model that has not seen its document."""
    scores = np.zeros(len(given.matrix))
    for document in sorted(set(given.documents)):
        own = given.documents == document
        model = logistic(given.matrix[~own], given.right[~own], given.weights[~own])
        scores[own] = np.c_[given.matrix[own], np.ones(own.sum())] @ model
    return scores


def fit_verdict(cases: Sequence[Case], ranking: dict[str, float], usual: float) -> dict[str, float]:
    """The second model; its constant is such that the threshold between the goals is at 0.5."""
    given = verdicts(cases, ranking, usual)
    scores = held_out(given)
    large = given.halves == "dev"
    answered = scores[large & (given.right == 1)]
    open_ = scores[large & (given.kinds == "unanswerable")]
    threshold = (
        float(np.quantile(answered, MOST_REFUSED) + np.quantile(open_, 1 - MOST_ANSWERED)) / 2
    )
    for half in ("dev", "small"):
        own = given.halves == half
        right, wrong = (
            scores[own & (given.right == 1)],
            scores[own & (given.kinds == "unanswerable")],
        )
        sys.stderr.write(
            f"{half}, documents held out: AUC {area(right.tolist(), wrong.tolist()):.3f},"
            f" {np.mean(right < threshold):.0%} of the answerable questions refused,"
            f" {np.mean(wrong >= threshold):.0%} of the unanswerable ones answered\n"
        )
    model = logistic(given.matrix, given.right, given.weights)
    made = dict(zip(given.names, model[:-1].round(3).tolist(), strict=True))
    return made | {"constant": round(float(model[-1]) - threshold, 3)}


def fit(cases: Sequence[Case]) -> dict[str, dict[str, float]]:
    """Both models."""
    ranking = fit_ranking(cases)
    usual = usual_score(cases, ranking)
    return {
        "ranking": ranking,
        "usual": {"score": usual},
        "verdict": fit_verdict(cases, ranking, usual),
    }


def small() -> list[tuple[str, Question]]:
    """The questions about the small documents of the tests, each with its document."""
    made = []
    for document in DOCUMENTS:
        for n, (text, fact) in enumerate([*document.answered, *((q, "") for q in document.open)]):
            facts = (re.compile(re.escape(fact), re.IGNORECASE),) if fact else ()
            kind: Kind = "one" if fact else "unanswerable"
            name = f"{document.name}-{n}"
            made.append((document.name, Question(name, text, kind, facts, "small", document.name)))
    return made


class Spelling:
    """An embedder without states of tokens, as endpoints are."""

    def __init__(self, embedder: OnnxEmbedder) -> None:
        self.model_id, self.dimension = embedder.model_id, embedder.dimension
        self.languages, self.embed = embedder.languages, embedder.embed


async def gather(folder: Path) -> dict[str, list[Case]]:
    """Take the documents in, and gather the evidence for each question, by what words are told."""
    data = load(HERE, folder)
    documents = data.documents | {item.name: item.text.encode() for item in DOCUMENTS}
    settings = read(Settings)
    app = create_app(settings)
    configure("error", [])
    cases: dict[str, list[Case]] = {"meaning": [], "spelling": []}
    async with lifespan(app):
        service = app.state.rag
        for name, body in documents.items():
            await service.documents.add(Scope(), name, "application/octet-stream", body)
        repository, retriever = service.ask._repository, service.ask._retriever
        embedder = OnnxEmbedder(1)
        memory = {"texts": settings.embed_cache_texts, "waiting": 1}
        gatherers = {
            name: Gatherer(repository, RememberingEmbedder(each, Metrics(), **memory))
            for name, each in (("meaning", embedder), ("spelling", Spelling(embedder)))
        }
        asked = [("", question) for question in data.questions if question.half == "dev"]
        for alone, question in asked + small():
            [vector] = await embedder.embed([question.question])
            stems = await repository.stems(question.question, DEFAULT, [DEFAULT])
            passages = await retriever.find(Scope(), vector, stems)
            own = [item for item in passages if alone and item.filename == alone]
            for name, gatherer in gatherers.items():
                for chosen in (passages, own) if own else (passages,):
                    made = await gatherer.gather(question.question, chosen)
                    cases[name].append((question, made))
        embedder.close()
    return cases


def main() -> None:
    """Fit to the documents of the folder that is named."""
    with world() as made:
        os.environ.update(made.env())
        found = {name: fit(cases) for name, cases in asyncio.run(gather(Path(sys.argv[1]))).items()}
    TARGET.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
