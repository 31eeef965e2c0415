"""The RAG backend: documents in, grounded answers with citations out."""
