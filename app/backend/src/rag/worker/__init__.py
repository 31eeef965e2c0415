"""Runs jobs: within the server, or as a process of its own (`python -m rag.worker`)."""
