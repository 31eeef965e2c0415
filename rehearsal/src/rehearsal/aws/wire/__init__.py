"""How calls reach ministack: requests and answers, repeated calls, the log of them."""
