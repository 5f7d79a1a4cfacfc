"""The API's description in OpenAPI 3.1, made of the declarations, and of how much of it whom is told."""
