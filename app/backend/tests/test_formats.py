"""One table of formats: the frontend's is the same."""

import json
from pathlib import Path

from rag.ingest.formats import FORMATS

FRONTEND = Path(__file__).parents[2] / "frontend/src/lib/formats.json"


def test_the_frontend_names_what_the_backend_takes():
    ours = [{"name": each.name, "extensions": list(each.suffixes)} for each in FORMATS]
    assert json.loads(FRONTEND.read_text()) == ours
