"""The figures keep their order: adapter time-out < job time-out < lease; and every topic has a queue and a handler."""

from itertools import pairwise

import pytest

from meldingen.adapters import mail, notifynl, storage
from meldingen.adapters.failures import PermanentFailure, TemporaryFailure
from meldingen.domain.errors import NotFound
from meldingen.store.outbox import Topic
from workers.jobs import HANDLERS, reason_of
from workers.policy import HEAVY_QUEUES, POLICIES, TEXT_QUEUES, lines_of, queue_for

RQ_KILLS_AFTER_S = 60
"""What RQ adds to a job's time-out before it kills the work-horse itself."""


@pytest.mark.parametrize("topic", Topic)
def test_no_lease_ends_under_a_working_job(topic: Topic) -> None:
    policy = POLICIES[topic]
    longest_call_s = max(mail.TOTAL_S, 4 * notifynl.TIMEOUT_S, storage.CONNECT_TIMEOUT_S + storage.READ_TIMEOUT_S)
    killed_after_s = RQ_KILLS_AFTER_S if queue_for(topic, urgent=False) in HEAVY_QUEUES else 0

    assert longest_call_s < policy.job_timeout_s
    assert policy.terms.lot == 1 or policy.budget_s + longest_call_s < policy.job_timeout_s
    assert policy.job_timeout_s + killed_after_s < policy.terms.lease_s


@pytest.mark.parametrize("topic", Topic)
def test_waits_grow_and_differ(topic: Topic) -> None:
    policy = POLICIES[topic]
    waits = [[policy.wait_s(attempt) for _ in range(50)] for attempt in range(1, policy.terms.tries)]
    assert len(set(waits[0])) > 10
    assert max(waits[0]) <= policy.first_wait_s
    assert all(max(before) < min(after) * 3 for before, after in pairwise(waits))
    assert max(map(max, waits)) <= policy.longest_wait_s


def test_every_topic_has_a_handler_and_one_queue() -> None:
    assert set(HANDLERS) == set(POLICIES) == set(Topic)
    lines = [line for queue in (*TEXT_QUEUES, *HEAVY_QUEUES) for line in lines_of(queue)]
    assert sorted(lines) == sorted((topic, urgent) for topic in Topic for urgent in (True, False))


def test_a_reason_quotes_nobody() -> None:
    assert reason_of(ValueError("Jan de Vries")) == "Fout in het programma: ValueError"
    assert reason_of(NotFound("niet_gevonden", "De melding van Jan is er niet.")) == "Geweigerd: niet_gevonden"
    assert reason_of(PermanentFailure("het adres bestaat niet")) == "het adres bestaat niet"
    assert reason_of(TemporaryFailure()) == "Fout in het programma: TemporaryFailure"
