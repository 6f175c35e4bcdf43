"""/melden, the form of a melder: six steps, each with its own address, that work without scripts and lose nothing.

steps.py says which there are, form.py holds what is filled in, checks.py what each asks, pages.py what each shows,
doors.py and sending.py the addresses. POSTs check where they come from (same_origin.py) instead of carrying a token.
"""

from flask import Blueprint

from . import doors, photo_doors, receipt, sending, soorten

PAGES: tuple[Blueprint, ...] = (doors.pages, soorten.pages, photo_doors.pages, sending.pages, receipt.pages)
"""One line per room of the form."""
