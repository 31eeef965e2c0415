"""`python -m rag.eval FOLDER --url http://...`: upload what is missing, ask, print the figures."""

import argparse
import json
import math
import os
import sys
from pathlib import Path
from typing import Any

from rag.eval.client import Backend, BackendError
from rag.eval.dataset import Dataset, DatasetError, load
from rag.eval.run import answers, details, report, retrieval

_EPILOGUE = """
FOLDER holds documents/, BEIR's corpus.jsonl (_id, title, text) or TREC's documents.trec, and any
of: questions.jsonl (id, question, kind one|two|unanswerable|off_domain, facts: patterns that a
right answer matches); queries.jsonl (_id, text) or topics.trec with judgements in qrels.tsv,
qrels/test.tsv or qrels.txt. API_KEY in the environment is sent as a bearer token.
"""


def main(argv: list[str] | None = None) -> int:
    """Measure; 0: measured, 1: the backend failed, 2: the data set is wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m rag.eval", description=__doc__, epilog=_EPILOGUE
    )
    parser.add_argument("folder", type=Path, help="the data set")
    parser.add_argument("--url", default="http://127.0.0.1:8000", help="the backend")
    parser.add_argument("--documents", type=Path, help="another folder of documents")
    parser.add_argument("--half", help="only questions of this part of the set")
    parser.add_argument("--json", type=Path, help="where to write the report, with every answer")
    parser.add_argument("--timeout", type=float, default=120, help="seconds of one request")
    given = parser.parse_args(argv)
    key = os.environ.get("API_KEY")
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    backend = Backend(given.url, headers, given.timeout)
    try:
        data = load(given.folder, given.documents)
        made, every = _measure(backend, data, given.half)
    except (DatasetError, BackendError) as error:
        sys.stderr.write(f"rag.eval: {error}\n")
        return 2 if isinstance(error, DatasetError) else 1
    finally:
        backend.close()
    if given.json:
        given.json.write_text(json.dumps({**made, "answers": every}, indent=1, ensure_ascii=False))
    sys.stdout.write(table(made))
    return 0


def _measure(
    backend: Backend, data: Dataset, half: str | None
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    ids, failed = backend.upload(data.documents)
    for name, why in failed.items():
        sys.stderr.write(f"rag.eval: {name} is left out: {why}\n")
    asked = answers(backend, [item for item in data.questions if half in (None, item.half)])
    made = report(asked) | {"documents": len(ids), "retrieval": retrieval(backend, data, ids)}
    return made, details(asked)


def table(made: dict[str, Any]) -> str:
    """The report for a terminal."""
    lines = [f"{made['documents']} documents", ""]
    lines.append(f"{'kind':14}{'n':>5}{'right':>7}{'half':>6}{'wrong':>7}{'refused':>9}  good")
    for kind, own in made["kinds"].items():
        if own["questions"]:
            low, high = own["interval"]
            lines.append(
                f"{kind:14}{own['questions']:5}{own['right']:7}{own['half']:6}{own['wrong']:7}"
                f"{own['refused']:9}  {own['good']:.0%} ({low:.0%} to {high:.0%})"
            )
    for against in ("unanswerable", "off_domain"):
        value = made[f"refusal_auc_{against}"]
        if not math.isnan(value):
            lines.append(f"refusal AUC, answerable against {against}: {value:.3f}")
    if made["citation_precision"] is not None:
        lines.append(
            f"facts of answers that a cited excerpt holds: {made['citation_precision']:.1%}"
        )
    seconds = made["seconds"]
    if not math.isnan(seconds["p50"]):
        lines.append(f"seconds a question: p50 {seconds['p50']:.2f}, p95 {seconds['p95']:.2f}")
    if made["retrieval"]:
        for name in ("ndcg@10", "recall@10"):
            own = made["retrieval"][name]
            low, high = own["interval"]
            lines.append(f"{name}: {own['mean']:.3f} ({low:.3f} to {high:.3f})")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
