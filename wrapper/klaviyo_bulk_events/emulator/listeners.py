"""Who is to be told that something changed."""

from collections.abc import Callable


class Listeners:
    """What is called after each change, from any thread: it must be quick and not raise."""

    def __init__(self) -> None:
        self._listeners: list[Callable[[], object]] = []

    def add(self, listener: Callable[[], object]) -> None:
        """Call this too from now on."""
        self._listeners.append(listener)

    def tell(self) -> None:
        """Call everybody."""
        for listener in self._listeners:
            listener()
