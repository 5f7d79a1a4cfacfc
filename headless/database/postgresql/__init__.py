"""PostgreSQL, by asyncpg: the extra `postgresql` of the distribution."""
