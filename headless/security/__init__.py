"""Passwords, session tokens, cookies and the origin check: nothing here knows of collections or storage."""
