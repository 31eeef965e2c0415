"""Files that clients name instead of sending them: by URLs, and by prefixes of buckets."""
