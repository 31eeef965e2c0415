"""The rehearsal: a world on one machine that stands in for AWS."""
