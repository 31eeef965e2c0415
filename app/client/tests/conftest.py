"""A real backend with its servers: the fixtures of the backend's own tests."""

import importlib.util
import sys
from pathlib import Path

_BACKEND = Path(__file__).resolve().parents[2] / "backend"
sys.path[:0] = [str(_BACKEND / "src"), str(_BACKEND / "tests")]
# Not by its name, which is this file's.
_spec = importlib.util.spec_from_file_location("backend_fixtures", _BACKEND / "tests/conftest.py")
_fixtures = importlib.util.module_from_spec(_spec)
sys.modules["backend_fixtures"] = _fixtures
_spec.loader.exec_module(_fixtures)

folder, world = _fixtures.folder, _fixtures.world
backend, start = _fixtures.backend, _fixtures.start
