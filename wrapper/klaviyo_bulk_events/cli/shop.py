"""Made-up events of a shop that never was."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final

SEED: Final = 2_026
_CUSTOMERS: Final = 2_500
_END: Final = datetime(2026, 1, 1, tzinfo=UTC)
_DAYS: Final = 365
_FIRST_NAMES: Final = ("Ada", "Alan", "Barbara", "Edsger", "Frances", "Grace", "Katherine", "Tim")
_LAST_NAMES: Final = ("Baker", "Cooper", "Fisher", "Mason", "Miller", "Potter", "Smith", "Taylor")
_CITIES: Final = ("Bristol", "Leeds", "London", "York")
_GOODS: Final = (
    ("LANTERN-WM", "White metal lantern", 3.39),
    ("HEART-TL", "White hanging heart", 2.55),
    ("MUG-RT", "Retro spot mug", 1.65),
    ("CLOCK-AL", "Alarm clock, bakelike red", 3.75),
    ("BAG-JM", "Jumbo bag, pink polka dot", 1.95),
    ("CAKE-3T", "Regency cake stand, 3 tiers", 12.75),
)
_BAD: Final[tuple[dict[str, Any], ...]] = (
    {"profile": {"first_name": "Nobody"}},
    {"profile": {"phone_number": "0117 496 0000"}},
    {"time": "1999-12-31T23:59:59Z"},
    {"value": "12,50"},
)
EVERY_BAD: Final = 200
EVERY_REPEAT: Final = 250


def events(count: int) -> Iterator[dict[str, Any]]:
    """So many records, always the same ones.

    Every 200th breaks a rule, every 250th repeats the one before it.
    """
    random = Random(SEED)  # noqa: S311 - it only has to look real
    customers = [_customer(random, number) for number in range(_CUSTOMERS)]
    event: dict[str, Any] = {}
    for number in range(1, count + 1):
        if number % EVERY_REPEAT:
            event = _event(random, number, random.choice(customers))
            if number % EVERY_BAD == 0:
                event.update(random.choice(_BAD))
        yield event


def is_good(event: dict[str, Any]) -> bool:
    """Whether nothing is wrong with the event."""
    return not any(event[field] == value for bad in _BAD for field, value in bad.items())


def _customer(random: Random, number: int) -> dict[str, Any]:
    first, last = random.choice(_FIRST_NAMES), random.choice(_LAST_NAMES)
    return {
        "email": f"{first}.{last}.{number}@shop.invalid".lower(),
        "external_id": f"C{number:05}",
        "first_name": first,
        "last_name": last,
        "location": {"city": random.choice(_CITIES), "country": "United Kingdom"},
    }


def _event(random: Random, number: int, customer: dict[str, Any]) -> dict[str, Any]:
    sku, name, price = random.choice(_GOODS)
    quantity = random.randint(1, 12)
    moment = _END - timedelta(seconds=random.randrange(_DAYS * 86_400))
    return {
        "metric": random.choice(("Viewed Product", "Viewed Product", "Ordered Product")),
        "profile": customer,
        "time": moment.isoformat(),
        "value": round(price * quantity, 2),
        "value_currency": "GBP",
        "unique_id": f"demo-{number}",
        "properties": {"sku": sku, "name": name, "quantity": quantity, "price": price},
    }
