"""What differs from account to account: its zones, and its regions."""
