"""What store remembers and finds, looked at as PostgreSQL does it."""
