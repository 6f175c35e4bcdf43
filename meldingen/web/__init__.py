"""Page doors: the same flow calls in other clothes."""

from flask import Flask

from . import gezond


def init_app(app: Flask) -> None:
    """Registers every page on the app."""
    app.register_blueprint(gezond.pages)
