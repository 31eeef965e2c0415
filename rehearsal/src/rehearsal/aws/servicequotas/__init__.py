"""Where Service Quotas differs from ministack."""
