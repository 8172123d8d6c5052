"""How a plan is carried out on a connection."""

import asyncio
from collections.abc import Iterable
from itertools import repeat
from typing import Final

from attrs import frozen
from starlette.types import Receive, Scope, Send

from klaviyo_bulk_events.emulator.connection import reset, transport_of
from klaviyo_bulk_events.emulator.hanging_up import hung_up
from klaviyo_bulk_events.emulator.messages import Delivery, Plan, Reply

# A 202 has no body that could trickle or break off. JSON may be padded with spaces.
_PADDING: Final = b" " * 100


@frozen
class Wire:
    """An ASGI request whose body was read."""

    scope: Scope
    receive: Receive
    send: Send

    async def carry_out(self, plan: Plan) -> None:
        """Return when the answer is out or the client is gone."""
        if plan.delay and await self._hung_up(plan.delay):
            return
        if plan.delivery is Delivery.RESET:
            reset(transport_of(self.scope))
            await self._hung_up()
        elif plan.delivery is Delivery.SILENCE or plan.reply is None:
            await self._stay_silent(plan)
        else:
            await self._answer(plan.reply, plan)

    async def _stay_silent(self, plan: Plan) -> None:
        await self._hung_up()
        if plan.after_hangup is not None:
            asyncio.get_running_loop().call_later(plan.hangup_delay, plan.after_hangup)

    async def _answer(self, reply: Reply, plan: Plan) -> None:
        padded = reply.body + _PADDING
        match plan.delivery:
            case Delivery.WHOLE:
                await self._head(reply, len(reply.body))
                await self._body(reply.body, more=False)
            case Delivery.CUT:
                await self._head(reply, len(padded))
                await self._body(reply.body)
                transport_of(self.scope).close()
                await self._hung_up()
            case Delivery.TRICKLE:
                await self._head(reply, len(padded))
                await self._drip(padded, plan.pause)
            case Delivery.ENDLESS:
                await self._head(reply)
                await self._drip(repeat(_PADDING[0]), plan.pause)

    async def _head(self, reply: Reply, length: int | None = None) -> None:
        headers = [(name.encode(), value.encode()) for name, value in reply.headers.items()]
        if length is not None:
            headers.append((b"content-length", str(length).encode()))
        await self.send({"type": "http.response.start", "status": reply.status, "headers": headers})

    async def _body(self, data: bytes, *, more: bool = True) -> None:
        await self.send({"type": "http.response.body", "body": data, "more_body": more})

    async def _drip(self, data: Iterable[int], pause: float) -> None:
        for byte in data:
            if await self._hung_up(pause):
                return
            await self._body(bytes([byte]))
        await self._body(b"", more=False)

    async def _hung_up(self, within: float | None = None) -> bool:
        return await hung_up(self.receive, within)
