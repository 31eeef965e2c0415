"""HTTP: routes, middleware and problem documents. The other packages know nothing of FastAPI."""
