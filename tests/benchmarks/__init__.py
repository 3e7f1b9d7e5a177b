"""Benchmarks that print ratios; none of them judges a time."""
