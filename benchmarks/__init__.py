"""Measurements: what a request costs the server, next to hand-written servers of the same answers."""
