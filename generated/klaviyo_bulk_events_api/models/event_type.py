from enum import StrEnum


class EventType(StrEnum):
    EVENT = "event"

    def __str__(self) -> str:
        return str(self.value)
