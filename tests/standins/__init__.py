"""Servers of others, played on the loopback: they speak the documented protocol and can be told to misbehave."""
