"""The retry rule: what a reply means for the request that it answers."""

from enum import Enum
from typing import Final, NamedTuple

from klaviyo_bulk_events.answers import Answer, NoAnswer, Reply

RETRIED: Final = frozenset({500, 502, 503, 504, *range(520, 528)})
ENDS_THE_RUN: Final = frozenset({401, 403, 404, 410})
FIRST_BACKOFF: Final = 1.0
LONGEST_BACKOFF: Final = 60.0


class Meaning(Enum):
    """What a reply says of the events in the request."""

    ACCEPTED = "accepted"
    THROTTLED = "throttled: come again later, and so should everybody on this account"
    RETRY = "not processed: send it again"
    AMBIGUOUS = "may have been processed: send the same bytes again"
    GIVE_UP = "may have been processed, and sending it again won't help"
    REFUSED = "refused for what it holds"
    STOP = "no later request can succeed either"


REPEATS: Final = frozenset({Meaning.THROTTLED, Meaning.RETRY, Meaning.AMBIGUOUS})
AMBIGUOUS: Final = frozenset({Meaning.AMBIGUOUS, Meaning.GIVE_UP})


class Verdict(NamedTuple):
    """What a reply means, and how many seconds to wait before the next attempt."""

    meaning: Meaning
    wait: float = 0.0


def judge(reply: Reply, attempt: int, random: float) -> Verdict:
    """The verdict on the reply to attempt number `attempt` (from 1); `random` is in [0, 1).

    Full jitter, and a `Retry-After` is never cut short.
    """
    meaning = meaning_of(reply)
    if meaning not in REPEATS:
        return Verdict(meaning)
    ceiling = min(LONGEST_BACKOFF, FIRST_BACKOFF * 2 ** min(attempt - 1, 16))
    asked = reply.retry_after if isinstance(reply, Answer) else None
    return Verdict(meaning, max(asked or 0.0, random * ceiling))


def meaning_of(reply: Reply) -> Meaning:
    """What a reply says of the events in the request."""
    if isinstance(reply, NoAnswer):
        return Meaning.AMBIGUOUS if reply.written else Meaning.RETRY
    if reply.status == 202:
        return Meaning.ACCEPTED
    if reply.status == 429:
        return Meaning.THROTTLED
    if 400 <= reply.status < 500:
        return _client_error(reply)
    if 300 <= reply.status < 400:
        return Meaning.STOP
    if reply.status >= 500 and reply.status not in RETRIED:
        return Meaning.GIVE_UP
    return Meaning.AMBIGUOUS


def _client_error(answer: Answer) -> Meaning:
    # Without a JSON:API error the edge speaks, not the API: no wrong key, no bad event.
    if answer.errors is None:
        return Meaning.RETRY
    return Meaning.STOP if answer.status in ENDS_THE_RUN else Meaning.REFUSED
