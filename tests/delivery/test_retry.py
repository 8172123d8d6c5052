"""The retry rule."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klaviyo_bulk_events.answers import Answer, ApiError, NoAnswer, Reply
from klaviyo_bulk_events.retry import (
    FIRST_BACKOFF,
    LONGEST_BACKOFF,
    RETRIED,
    Meaning,
    judge,
    meaning_of,
)

ERRORS = (ApiError("1", "invalid", "", "", "/data"),)


def json(status: int) -> Answer:
    return Answer(status, None, ERRORS)


def html(status: int) -> Answer:
    return Answer(status, None, None)


@pytest.mark.parametrize(
    ("reply", "meaning"),
    [
        (html(202), Meaning.ACCEPTED),
        (json(400), Meaning.REFUSED),
        (json(409), Meaning.REFUSED),
        (json(413), Meaning.REFUSED),
        (json(422), Meaning.REFUSED),
        *((json(status), Meaning.STOP) for status in (401, 403, 404, 410)),
        *((html(status), Meaning.RETRY) for status in (400, 401, 403, 404, 408, 410, 413)),
        (json(429), Meaning.THROTTLED),
        (html(429), Meaning.THROTTLED),
        *((html(status), Meaning.AMBIGUOUS) for status in sorted(RETRIED)),
        *((json(status), Meaning.AMBIGUOUS) for status in (500, 503)),
        (html(501), Meaning.GIVE_UP),
        (html(505), Meaning.GIVE_UP),
        (html(599), Meaning.GIVE_UP),
        (html(200), Meaning.AMBIGUOUS),
        (html(302), Meaning.STOP),
        (NoAnswer("ConnectError", written=False), Meaning.RETRY),
        (NoAnswer("ReadTimeout", written=True), Meaning.AMBIGUOUS),
    ],
)
def test_what_a_reply_means(reply: Reply, meaning: Meaning) -> None:
    """The edge's 4xx is no wrong key and no bad event; every 5xx may have been processed."""
    assert meaning_of(reply) is meaning


@given(st.integers(1, 10_000), st.floats(0, 1, exclude_max=True), st.floats(0, 1e6))
def test_retry_after_is_never_cut_short(attempt: int, random: float, asked: float) -> None:
    """Whatever the attempt and the jitter, the wait is at least what was asked for."""
    assert judge(Answer(429, asked, None), attempt, random).wait >= asked


@given(st.integers(1, 10_000), st.floats(0, 1, exclude_max=True))
def test_the_jitter_is_full(attempt: int, random: float) -> None:
    """Waits are spread from nothing to a ceiling that doubles up to a minute."""
    ceiling = min(LONGEST_BACKOFF, FIRST_BACKOFF * 2 ** min(attempt - 1, 60))
    assert judge(html(503), attempt, random).wait == pytest.approx(random * ceiling)


@pytest.mark.parametrize("reply", [html(202), json(400), json(401), html(501)])
def test_what_is_settled_waits_for_nothing(reply: Reply) -> None:
    """Only what is sent again waits, even if the server says Retry-After."""
    assert judge(reply, 3, 0.9).wait == 0.0
