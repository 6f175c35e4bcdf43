"""Figures for Prometheus at /metrics: the outbox, the berichten, and how long requests took. Health: gezond.py.

What is in the database is counted when asked, and is the same in every process. Request times are of the process that
answers: with `meldingen serve --workers 2` each look may meet the other one. For exact request times scrape processes
of one worker, each on its own port, and add up there. Only from this machine, or with METRICS_TOKEN. No address,
number or name.
"""

import hmac
import ipaddress
import time
from collections.abc import Iterator

from flask import Blueprint, Flask, Response, current_app, g, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from werkzeug.exceptions import NotFound

from ..auth import enter, visit
from ..flow.roster import unfilled
from ..store.gemeente import served_gemeenten, served_ids
from ..store.notice import count_deliveries, count_maybe_double
from ..store.outbox import Topic, backlog

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

pages = Blueprint("metrics", __name__)


def init_app(app: Flask) -> None:
    """One registry per app, and a stopwatch on each request."""
    registry = CollectorRegistry()
    registry.register(_FromDatabase())
    app.extensions["metrics"] = registry
    seconds = Histogram(
        "meldingen_request_seconds",
        "Duur van verzoeken per route, in dit proces sinds zijn start",
        ["method", "route", "status"],
        registry=registry,
        buckets=BUCKETS,
    )
    app.extensions["request_seconds"] = seconds  # also for what is answered in front of it (api/unchanged.py)

    def start() -> None:
        g.started = time.perf_counter()

    def stop(response: Response) -> Response:
        route = str(request.url_rule) if request.url_rule else "onbekend"
        method = request.method if request.method in ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS") else "anders"
        took = time.perf_counter() - g.get("started", time.perf_counter())
        seconds.labels(method, route, f"{response.status_code // 100}xx").observe(took)
        return response

    app.before_request(start)
    app.after_request(stop)
    app.register_blueprint(pages)


@pages.get("/metrics")
@enter("iedereen")
def metrics() -> Response:
    """All figures; for who may not have them this page does not exist."""
    if not may_read():
        raise NotFound
    return Response(generate_latest(current_app.extensions["metrics"]), content_type=CONTENT_TYPE_LATEST)


def may_read() -> bool:
    """Whether who asks watches this installation: with the token, or without one from this machine itself and not
    through a proxy on it."""
    token = visit().settings.metrics_token
    if token:
        given = request.headers.get("Authorization", "").partition(" ")[2]
        return hmac.compare_digest(given.encode(), token.encode())
    if "X-Forwarded-For" in request.headers or "Forwarded" in request.headers:
        return False
    try:
        return ipaddress.ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False


class _FromDatabase(Collector):
    """Counts when asked, in the transaction of the asking request."""

    def describe(self) -> Iterator[Metric]:
        """Nothing: counting needs a request."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """The outbox per topic and the deliveries per channel and status."""
        here = visit()
        waiting = GaugeMetricFamily("meldingen_outbox_waiting", "Nog te doen in de outbox", labels=["topic"])
        age = GaugeMetricFamily("meldingen_outbox_age_seconds", "Leeftijd van het oudste werk", labels=["topic"])
        parked = GaugeMetricFamily("meldingen_outbox_parked", "Opgegeven werk: iemand moet kijken", labels=["topic"])
        lines = {line.topic: line for line in backlog(here.session, now=here.now)}
        for topic in Topic:
            line = lines.get(topic)
            waiting.add_metric([topic], line.waiting if line else 0)
            age.add_metric([topic], line.oldest_due_s if line else 0)
            parked.add_metric([topic], line.parked if line else 0)
        yield from (waiting, age, parked)
        sent = GaugeMetricFamily("meldingen_deliveries", "Berichten per kanaal en staat", labels=["channel", "status"])
        for (channel, status), count in count_deliveries(here.session, scope=served_ids(here.session)).items():
            sent.add_metric([channel, status], count)
        yield sent
        double = GaugeMetricFamily("meldingen_maybe_double", "Berichten die mogelijk dubbel gingen", labels=["channel"])
        for channel, count in count_maybe_double(here.session, scope=served_ids(here.session)).items():
            double.add_metric([channel], count)
        yield double
        nobody = GaugeMetricFamily(
            "meldingen_piket_gap_hours", "Uren zonder piketdienst in twee weken", labels=["gemeente", "team"]
        )
        first = GaugeMetricFamily(
            "meldingen_piket_gap_in_seconds", "Tot het eerste gat in een rooster", labels=["gemeente", "team"]
        )
        homes = {one.id: one.slug for one in served_gemeenten(here.session)}
        for one in unfilled(here.session, now=here.now, scope=sorted(homes)):
            hours = sum((gap.until_at - gap.from_at).total_seconds() for gap in one.gaps) / 3600
            labels = [homes[one.team.gemeente_id], one.team.slug]
            nobody.add_metric(labels, round(hours, 1))
            if one.used:
                first.add_metric(labels, (one.gaps[0].from_at - here.now).total_seconds())
        yield from (nobody, first)
