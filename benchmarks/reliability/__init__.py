"""Measurements of what survives: servers killed in the middle of their work."""
