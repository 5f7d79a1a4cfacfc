"""The HTTP edge in plain functions and small classes: query strings, bodies, CORS, JSON answers, headers."""
