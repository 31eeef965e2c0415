"""Where ElastiCache differs from ministack, and the real Redis behind it."""
