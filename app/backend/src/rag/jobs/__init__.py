"""Jobs in PostgreSQL: queued, leased to a worker, followed until their end."""
