"""create_app(settings, adapters): the only place that wires things together, and one transaction per request."""

import secrets
import sys
import traceback
from collections.abc import Callable, MutableMapping
from typing import Any

import structlog
from flask import Flask, Response, g, request
from flask.typing import ResponseReturnValue
from werkzeug.middleware.proxy_fix import ProxyFix

from . import adapters as outside
from . import api, limits, web
from .auth import Installation, Visit, csrf
from .bodies import Gate
from .db import make_engine, retry_deadlock, transaction
from .settings import Settings
from .web.environment import PageEnvironment

log = structlog.get_logger()

MAX_BODY_BYTES = 110 * 2**20
"""Five photos of 20 MB and the words around them; more is 413."""


class App(Flask):
    """Flask with each request inside one transaction: what the door raises rolls everything back."""

    jinja_environment = PageEnvironment

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """The function itself: none of ours is a coroutine, and Flask would look at it some twenty times a request."""
        return func

    def dispatch_request(self) -> ResponseReturnValue:
        """Runs the view within `transaction()`; the answer leaves after the commit, then the relay is woken.

        When PostgreSQL ends it to undo a deadlock, nothing of it has happened: then it is run once more from its start.
        """
        return retry_deadlock(self._dispatch_once)

    def _dispatch_once(self) -> ResponseReturnValue:
        held: Installation = self.extensions["meldingen"]
        with transaction(held.engine) as session:
            session.info["request_id"] = g.get("request_id", "")  # what this request puts in the outbox carries it
            g.visit = Visit(held, session)
            answer = super().dispatch_request()
        if session.info.get("outbox"):
            held.adapters.wake()
        return answer


def create_app(settings: Settings | None = None, adapters: outside.Adapters | None = None) -> App:
    """The whole application. settings: default from the environment; adapters: default built from the settings."""
    settings = settings or Settings.from_env()
    configure_logging(settings.log_level)
    app = App(
        __name__,
        static_folder="web/static",
        static_url_path="/static",
        template_folder="web/templates",
    )
    app.config.update(
        SECRET_KEY=settings.secret_keys[0],
        SECRET_KEY_FALLBACKS=list(settings.secret_keys[1:]),
        SESSION_COOKIE_NAME="__Host-sessie" if settings.secure else "sessie",
        SESSION_COOKIE_SECURE=settings.secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        MAX_CONTENT_LENGTH=MAX_BODY_BYTES,
        MAX_FORM_MEMORY_SIZE=2 * 2**20,
        WTF_CSRF_CHECK_DEFAULT=False,
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=False,
    )
    app.extensions["meldingen"] = Installation(
        settings,
        make_engine(settings.database_url, pool_size=settings.db_pool_size, clock_moves=settings.local_mode),
        adapters or outside.build(settings),
    )
    app.wsgi_app = Gate(app.wsgi_app, workers=settings.db_pool_size)  # type: ignore[method-assign]
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    csrf.init_app(app)
    app.before_request(_name_request)
    app.after_request(_sign_answer)
    limits.init_app(app)
    api.init_app(app)
    web.init_app(app)
    return app


def configure_logging(level: str) -> None:
    """Structured lines on stdout: event name plus keys, UTC; never names, addresses, texts or places."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _tell_where,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=True,
    )


def _tell_where(_logger: Any, _method: str, told: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Of an exception its kind, its SQLSTATE and the places; never its words, which may quote a person's data."""
    given = told.pop("exc_info", None)
    error = sys.exception() if given is True else given[1] if isinstance(given, tuple) else given
    if isinstance(error, BaseException):
        frames = traceback.extract_tb(error.__traceback__)
        told["error"] = type(error).__name__
        if sqlstate := getattr(getattr(error, "orig", None), "sqlstate", None):
            told["sqlstate"] = sqlstate
        told["where"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames][-20:]
    return told


def _name_request() -> None:
    """Gives the request one id, from door to job. A caller's own id is not trusted into our log."""
    g.request_id = secrets.token_hex(8)
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=g.request_id, method=request.method, route=str(request.url_rule))


def _sign_answer(response: Response) -> Response:
    """The request's id, and our own name instead of the server's: what runs beneath is nobody's business (ADR-07)."""
    response.headers["X-Request-Id"] = g.get("request_id", "")
    response.headers["Server"] = "meldingen"
    return response
