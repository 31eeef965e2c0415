"""Faults on purpose: runs that are killed, calls that AWS refuses, what is left of both."""
