"""Where CloudWatch differs from ministack."""
