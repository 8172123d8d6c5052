from enum import StrEnum


class MetricType(StrEnum):
    METRIC = "metric"

    def __str__(self) -> str:
        return str(self.value)
