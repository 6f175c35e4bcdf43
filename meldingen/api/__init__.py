"""JSON doors: parse, authorise, call one flow function, answer."""

from flask import Flask


def init_app(app: Flask) -> None:
    """Registers the API on the app."""
