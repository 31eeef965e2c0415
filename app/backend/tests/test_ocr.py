"""Scans: named as such, and read where an OCR service is configured."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import conftest
import pytest
import servers
from pdf import pdf

from rag.errors import UnreadableError
from rag.ingest.readers import ocr

SCAN = pdf([[], []])
SENTENCES = ["The scanned letter of Brig is dated May 1902.", "The seal of Brig shows a bridge."]
TIKA = "".join(f"<div class='page'><p>{each}</p></div>" for each in SENTENCES)


class _Service(BaseHTTPRequestHandler):
    """Answers as its path says."""

    def do_PUT(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        answers = {
            "/json": json.dumps({"pages": SENTENCES}),
            "/tika": json.dumps({"X-TIKA:content": f"<html><body>{TIKA}</body></html>"}),
            "/text": "\f".join(SENTENCES),
        }
        right = body.startswith(b"%PDF") and self.headers["x-tika-pdfocrstrategy"] == "ocr_only"
        answer = answers.get(self.path, "").encode()
        self.send_response(200 if right and answer else 422 if self.path == "/422" else 500)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_arguments):
        """Say nothing."""


@pytest.fixture(scope="module")
def service():
    server = ThreadingHTTPServer(("127.0.0.1", servers.free_port()), _Service)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def test_a_scan_is_read_by_the_service_and_cited_by_page(world, service):
    with conftest.running(world, OCR_URL=f"{service}/json") as client:
        made = client.upload("letter.pdf", SCAN + b"\n%1")
        assert made.status_code == 201, made.text
        assert made.json()["pages"] == 2
        answer = client.ask("What does the seal of Brig show?")
        [cited] = answer["citations"]
        assert (cited["excerpt"], cited["page"]) == (SENTENCES[1], 2)
        # Other formats have no use for it.
        assert client.upload("blank.txt", b"  \n").status_code == 422


@pytest.mark.parametrize("path", ["json", "tika", "text"])
def test_each_form_of_an_answer_is_understood(path):
    answers = {
        "json": json.dumps({"pages": SENTENCES}),
        "tika": json.dumps({"X-TIKA:content": f"<html><body>{TIKA}</body></html>"}),
        "text": "\f".join(SENTENCES),
    }
    found = ocr.pages(answers[path].encode(), 1000)
    assert [page.text.strip() for page in found] == SENTENCES
    assert [page.number for page in found] == [1, 2]


@pytest.mark.parametrize("answer", ["{}", "[]", '{"pages": [1]}', '{"pages": "x"}'])
def test_another_form_is_told(answer):
    with pytest.raises(UnreadableError, match="not understood"):
        ocr.pages(answer.encode(), 1000)


def test_a_service_that_fails_is_asked_again_and_then_named(world, service):
    with conftest.running(world, OCR_URL=f"{service}/none", MAX_ATTEMPTS="2") as client:
        answer = client.upload("letter.pdf", SCAN + b"\n%2")
        assert (answer.status_code, answer.json()["dependency"]) == (503, "ocr")
