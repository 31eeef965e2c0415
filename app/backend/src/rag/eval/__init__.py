"""Measure a running backend with questions whose answers are known: `python -m rag.eval`."""
