"""Benchmarks: each measures our code beside a peer in the same run and gives ratios."""
