"""Waiting that ends when the client is gone."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

from starlette.types import Receive


async def hung_up(receive: Receive, within: float | None = None) -> bool:
    """Wait until the connection is closed, or for so many seconds; tell which it was."""
    try:
        async with asyncio.timeout(within):
            while (await receive())["type"] != "http.disconnect":
                pass
    except TimeoutError:
        return False
    return True


async def outlasts(receive: Receive, awaited: Coroutine[Any, Any, object]) -> bool:
    """Whether the client was still there when what is awaited was done."""
    gone = asyncio.create_task(hung_up(receive))
    done = asyncio.create_task(awaited)
    try:
        await asyncio.wait({gone, done}, return_when=asyncio.FIRST_COMPLETED)
        return not gone.done()
    finally:
        for task in (gone, done):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
