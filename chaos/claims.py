"""What each status claims of an event, held against what the emulator took in."""

from collections import Counter
from collections.abc import Hashable, Iterator

from chaos.held import Held
from chaos.records import Content
from chaos.step import TOGETHER, Repeat, SetAside, Step
from klaviyo_bulk_events.emulator.faults import POISON
from klaviyo_bulk_events.emulator.poison import share
from klaviyo_bulk_events.outcomes import Status

CONFLICT = "key_conflict"
_SHOWN = 300


class Claims:
    """Checks the claims of one call.

    Of a key that several events of a call have, it can't be known which of them came: for those
    it is only checked that one did.
    """

    def __init__(self, step: Step, held: Held) -> None:
        self._step = step
        self._held = held
        times = Counter(self._sent_keys())
        self._shared = {key for key, count in times.items() if count > 1}

    def wrong(self) -> Iterator[str]:
        """Each claim that is not true."""
        for at, item in enumerate(self._step.items):
            aside = self._step.aside.get(at)
            if item.content is None:
                fault = _of_faulty(aside)
            else:
                fault = self._of_event(at, item.content, aside)
            if fault is not None:
                status = aside.status if aside else "settled"
                yield f"record {at}, {status}: {fault}: {item.line[:_SHOWN]!r}"

    def _sent_keys(self) -> Iterator[Hashable]:
        for at, item in enumerate(self._step.items):
            if item.content is not None and self._step.repeats.get(at) is not Repeat.NEAR:
                yield item.content.key

    def _of_event(self, at: int, content: Content, aside: SetAside | None) -> str | None:
        if self._step.repeats.get(at) is Repeat.NEAR:
            return _of_repeat(aside)
        if self._step.repeats.get(at) is Repeat.FAR and aside and aside.code == CONFLICT:
            return None
        if aside is None:
            return self._of_settled(content)
        if aside.status is Status.REJECTED:
            return self._of_rejected(content, aside)
        if aside.status is Status.UNKNOWN:
            return self._of_unknown(content)
        return self._of_unsent(content)

    def _of_settled(self, content: Content) -> str | None:
        if content.key in self._held.keys or content.is_dropped:
            return None
        if content.key in self._shared:
            return None if self._is_set_aside(content.key) else "no event has its key"
        return "the emulator does not hold it"

    def _is_set_aside(self, key: Hashable) -> bool:
        """Whether an event of this key is: a repeat of it may have been told from it before."""
        contents = (self._step.items[at].content for at in self._step.aside)
        return any(content is not None and content.key == key for content in contents)

    def _of_rejected(self, content: Content, aside: SetAside) -> str | None:
        if aside.code == TOGETHER:
            return self._of_unsent(content)
        if not aside.is_named_by_server:
            return f"it breaks no rule, but: {aside.code}"
        if not is_poison(self._step, content, aside.unique_id):
            return "the emulator has nothing against it"
        return self._of_unsent(content)

    def _of_unknown(self, content: Content) -> str | None:
        if self._step.late:
            return None
        if not self._step.lost and not self._step.is_resumed:
            return "no answer was lost"
        request = self._held.requests.get(content.number)
        is_its_own = content.number in self._step.came and content.key not in self._shared
        if is_its_own and request not in self._step.lost:
            return f"the answer of request {request}, which brought it, was not lost"
        return None

    def _of_unsent(self, content: Content) -> str | None:
        if content.number in self._step.came and content.key not in self._shared:
            return "the emulator took it in"
        return None


def is_poison(step: Step, content: Content, unique_id: str | None) -> bool:
    """Whether the emulator refuses this event each time."""
    event = content.event._replace(unique_id=unique_id)
    return share(step.plan.seed, event) < step.plan.faults[POISON]


def _of_faulty(aside: SetAside | None) -> str | None:
    """A record that breaks a rule is rejected before anything is sent."""
    if aside is None:
        return "it breaks a rule, and was taken"
    if aside.status is not Status.REJECTED or aside.is_named_by_server or aside.code == TOGETHER:
        return "it breaks a rule, and was sent"
    return None


def _of_repeat(aside: SetAside | None) -> str | None:
    """Within the window a repeat is a duplicate, or rejected if its content differs."""
    if aside is None or aside.code == CONFLICT:
        return None
    return "it repeats one within the window"
