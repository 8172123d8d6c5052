"""API keys in the environment with which the process was started."""

import ctypes
import os
import sys
from typing import Final

_NAME: Final = b"KLAVIYO_API_KEY"


def blank_key(name: bytes = _NAME) -> None:
    """Overwrite the key of this name where `/proc` shows it; `os.environ`, a copy, still has it.

    To take it out of `os.environ` changes nothing of what the kernel shows.
    """
    if not sys.platform.startswith("linux"):
        return
    library = ctypes.CDLL(None)
    library.getenv.restype = ctypes.c_void_p
    at = library.getenv(name)
    if at:
        ctypes.memset(at, ord("*"), len(os.environb.get(name, b"")))
