"""Benchmarks: run by ``make bench``, compared with a peer inside one run, never asserted."""
