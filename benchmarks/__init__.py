"""Benchmarks: side by side with peers or a floor, in one run. Never part of the tests."""
