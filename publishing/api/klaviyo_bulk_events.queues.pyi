__all__ = ['QueueOptions']
class QueueOptions(TypedDict):
    intake: Intake | None
    spool: str | os.PathLike[str] | None
    max_age: float
    batch_events: int
    batch_bytes: int
    max_events: int
    max_bytes: int
    when_full: WhenFullName
    on_outcome: Callable[[Outcome], object] | None
    exit_timeout: float
    retry_after: float
