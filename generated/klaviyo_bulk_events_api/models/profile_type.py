from enum import StrEnum


class ProfileType(StrEnum):
    PROFILE = "profile"

    def __str__(self) -> str:
        return str(self.value)
