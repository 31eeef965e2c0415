"""Where RDS differs from ministack, and the real PostgreSQL behind it."""
