"""From a file's bytes to chunks of text."""
