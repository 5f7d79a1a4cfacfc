"""Lexical JSON, the language of rich text: its nodes, what may stand in them, and what it is in other languages."""
