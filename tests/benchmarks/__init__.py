"""Rates beside their limits: `make bench`. Never timed tests; see README.md."""
