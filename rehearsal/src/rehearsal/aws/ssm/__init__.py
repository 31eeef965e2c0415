"""Where Systems Manager differs from ministack."""
