"""AWS needs some time to spread what it took; ministack does not."""
