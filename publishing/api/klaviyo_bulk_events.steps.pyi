__all__ = ['Answered', 'Notice', 'Paused', 'Retrying', 'Settled', 'Waiting']
class Answered(NamedTuple):
    attempt: int
    events: int
    bytes: int
    reply: Reply
    seconds: float
Notice: TypeAlias = ...
class Paused(NamedTuple):
    seconds: float
class Retrying(NamedTuple):
    attempt: int
    seconds: float
    reply: Reply
class Settled(NamedTuple):
    counts: Mapping[Status, int]
class Waiting(NamedTuple):
    seconds: float
