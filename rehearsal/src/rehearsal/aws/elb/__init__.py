"""Where Elastic Load Balancing differs from ministack."""
