"""Benchmarks: ratios within one run, since absolute times say more about the machine than about the code."""
