from enum import StrEnum


class ProfileEntryType(StrEnum):
    EVENT_BULK_CREATE = "event-bulk-create"

    def __str__(self) -> str:
        return str(self.value)
