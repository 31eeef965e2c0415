"""Where ACM differs from ministack."""
