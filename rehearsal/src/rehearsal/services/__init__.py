"""The servers that stand where AWS says that its services are."""
