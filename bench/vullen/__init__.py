"""A database as a region of gemeenten has it after years: meldingen with all that hangs from them, made in minutes.

`python -m bench.vullen` makes it; `python -m bench.groot` measures on it. Nothing here is for a real installation.
"""
