"""Where IAM and STS differ from ministack: what calls are asked about, and whose roles exist."""
