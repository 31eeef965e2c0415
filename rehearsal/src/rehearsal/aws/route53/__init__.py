"""Where Route 53 differs from ministack."""
