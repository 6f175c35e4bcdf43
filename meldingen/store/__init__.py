"""What is remembered: tables and named queries, functions that take a session and a scope."""
