"""The load generator: a process of its own, cheap enough to share two cores with what it measures.

`python -m bench.client` reads one job a line (`job.Job`) and prints one result a line.
"""
