"""Everything the backend talks to, each behind a protocol."""
