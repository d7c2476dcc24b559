"""Make references and judged pairs of each user, by a seeded protocol."""
