from enum import StrEnum


class CreateJobType(StrEnum):
    EVENT_BULK_CREATE_JOB = "event-bulk-create-job"

    def __str__(self) -> str:
        return str(self.value)
