"""The embedded default: provisions, starts and stops everything on one machine. Standard library only."""
