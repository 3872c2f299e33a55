"""The load generator: a process cheap enough to share two cores with the server that it measures.

`python -m bench.client` reads one job per line (`job.Job`) and prints one result per line.
"""
