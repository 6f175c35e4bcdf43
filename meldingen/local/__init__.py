"""The embedded default: provisions, starts and stops everything on one machine.

For a newcomer, a training room and CI. Not for production: there the same pieces start one by one with `meldingen …`.
Standard library only, because it runs before anything is installed, and it never imports the rest of the project: it
starts it as other processes.
"""
