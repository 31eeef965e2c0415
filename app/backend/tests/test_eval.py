"""The evaluation command: its data sets, its figures, and a run against a real backend."""

import json
import math
import subprocess
import sys

import pytest
from conftest import SOURCE

from rag.eval import score
from rag.eval.dataset import DatasetError, Question, load

QUESTIONS = [
    {"id": "a", "question": "How deep is the Quill quarry?", "kind": "one", "facts": ["41 metres"]},
    {"id": "b", "question": "Who owns the Quill quarry?", "kind": "unanswerable"},
    {"id": "c", "question": "What is the capital of Peru?", "kind": "off_domain"},
]


def write(folder, questions=QUESTIONS):
    (folder / "documents").mkdir()
    (folder / "documents/quarry.txt").write_text("The Quill quarry is 41 metres deep.")
    lines = "\n".join(json.dumps(item) for item in questions)
    (folder / "questions.jsonl").write_text(lines)
    return folder


def run(*arguments):
    command = [sys.executable, "-m", "rag.eval", *map(str, arguments)]
    env = {"PYTHONPATH": str(SOURCE), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=120)


def test_a_backend_is_measured(backend, tmp_path):
    report = tmp_path / "report.json"
    done = run(write(tmp_path), "--url", backend.base_url, "--json", report)
    assert done.returncode == 0, done.stderr
    made = json.loads(report.read_text())
    assert made["kinds"]["one"]["right"] == 1
    assert made["kinds"]["off_domain"]["refused"] == 1
    assert made["refusal_auc_off_domain"] == 1
    assert made["citation_precision"] == 1
    assert made["seconds"]["p95"] >= made["seconds"]["p50"] > 0
    assert [item["id"] for item in made["answers"]] == ["a", "b", "c"]
    assert "refusal AUC" in done.stdout


def test_retrieval_is_measured_with_a_collection_of_beir(backend, tmp_path):
    texts = {
        "d1": "Otters of the river Quoin sleep afloat.",
        "d2": "The Quoin flows north.",
        "d3": "Otters of the river Quoin sleep afloat.",
    }
    rows = [json.dumps({"_id": name, "title": "", "text": text}) for name, text in texts.items()]
    (tmp_path / "corpus.jsonl").write_text("\n".join(rows))
    (tmp_path / "queries.jsonl").write_text('{"_id": "q1", "text": "Where do otters sleep?"}\n')
    (tmp_path / "qrels").mkdir()
    (tmp_path / "qrels/test.tsv").write_text("query-id\tcorpus-id\tscore\nq1\td1\t1\nq1\td3\t1\n")
    report = tmp_path / "report.json"
    done = run(tmp_path, "--url", backend.base_url, "--json", report)
    assert done.returncode == 0, done.stderr
    made = json.loads(report.read_text())["retrieval"]
    # The same text twice is one document, and counts as both.
    assert made["ndcg@10"] == {"mean": 1, "interval": [1, 1]}
    assert made["recall@10"]["mean"] == 1
    assert "ndcg@10: 1.000 (1.000 to 1.000)" in done.stdout


def test_a_document_that_cannot_be_read_is_left_out(backend, tmp_path):
    folder = write(tmp_path)
    (folder / "documents/broken.pdf").write_bytes(b"%PDF-1.7\nno more of it")
    done = run(folder, "--url", backend.base_url)
    assert done.returncode == 0, done.stderr
    assert "broken.pdf is left out" in done.stderr
    assert done.stdout.startswith("1 documents")


def test_what_is_wrong_is_said(backend, tmp_path):
    assert run(tmp_path / "none", "--url", backend.base_url).returncode == 2
    wrong = [{"id": "x", "question": "Why?", "kind": "one"}]
    done = run(write(tmp_path, wrong), "--url", backend.base_url)
    assert (done.returncode, "question x" in done.stderr) == (2, True)
    (tmp_path / "questions.jsonl").unlink()
    done = run(tmp_path, "--url", "http://127.0.0.1:1")
    assert (done.returncode, "/v1/documents" in done.stderr) == (1, True)


def test_sets_of_beir_and_trec_are_read(tmp_path):
    (tmp_path / "corpus.jsonl").write_text('{"_id": "d1", "title": "T", "text": "x"}\n')
    (tmp_path / "queries.jsonl").write_text('{"_id": "q1", "text": "why"}\n')
    (tmp_path / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\nq1\td1\t2\nq1\td2\t0\n")
    data = load(tmp_path)
    assert data.documents == {"d1.txt": b"T\n\nx"}
    assert data.wanted == {"q1": {"d1.txt": 2.0}}
    (tmp_path / "qrels.tsv").unlink()
    (tmp_path / "qrels.txt").write_text("q1 0 d1 1\nq1 0  d2 -1\n")
    assert load(tmp_path).wanted == {"q1": {"d1.txt": 1.0}}
    (tmp_path / "qrels.txt").write_text("q7 0 d1 1\n")
    with pytest.raises(DatasetError, match="none of its queries"):
        load(tmp_path)
    (tmp_path / "queries.jsonl").write_text("no json\n")
    with pytest.raises(DatasetError, match=r"queries.jsonl, line 1"):
        load(tmp_path)


def test_documents_and_topics_of_trec_are_read(tmp_path):
    (tmp_path / "documents-1.trec").write_bytes(
        b"<DOC>\n<DOCNO> FT-1 </DOCNO>\n<TEXT>\n<P>Tides &amp; \xe9 winds</P>\n</TEXT>\n</DOC>\n"
        b"<DOC><DOCNO>FT-2</DOCNO></DOC><DOC>no end"
    )
    (tmp_path / "topics.trec").write_text(
        "<top>\n<num> Number: 051\n<title> Topic: Tides\n\n<desc> Description:\nWhat makes\ntides?"
        "\n<narr> Narrative:\nAll.\n</top>\n<top><num> 52 <title> Winds </top>"
    )
    (tmp_path / "qrels.txt").write_text("51 0 FT-1 1\n52 0 FT-1 0\n")
    data = load(tmp_path)
    assert data.documents == {"FT-1.txt": "Tides & \ufffd winds".encode()}
    assert data.queries == {"51": "What makes tides?", "52": "Winds"}
    assert data.wanted == {"51": {"FT-1.txt": 1.0}}


def test_scores():
    import re

    both = Question("q", "?", "two", (re.compile("red"), re.compile("blue sky")))
    assert score.outcome(both, "red and blue\n sky", refused=False) == "right"
    assert score.outcome(both, "red", refused=False) == "half"
    assert score.outcome(both, "green", refused=False) == "wrong"
    assert score.outcome(both, "", refused=True) == "refused"
    assert score.cited(both, "red", ["a red hat"]) == (1, 1)
    assert score.cited(both, "red", ["a hat"]) == (0, 1)
    assert score.area([0.9, 0.5], [0.5, 0.1]) == 0.875
    assert math.isnan(score.area([], [1.0]))
    # DCG 1/log2(3) of at most 1.
    assert score.gain(["x", "a"], {"a": 1.0}) == pytest.approx(0.6309, abs=1e-4)
    assert score.recall(["x", "a"], {"a": 1.0, "b": 1.0}) == 0.5
    low, high = score.interval([0.0, 1.0] * 50)
    assert 0.35 < low < 0.5 < high < 0.65
