"""Shop events as an application's database has them: rows of an order's lines."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

METRIC = "Ordered Product"
_TEXT = "Hand-finished in small batches, dishwasher safe, comes in a gift box with a card. "
_FIRST_ORDER = datetime(2025, 1, 2, 8, 26, 17, tzinfo=UTC)


class Row(NamedTuple):
    """A line of an order with its product and customer, in the types that a cursor gives."""

    email: str
    first_name: str
    last_name: str
    city: str
    country: str
    ordered_at: datetime
    order_id: str
    line: int
    sku: str
    name: str
    description: str
    brand: str
    category: str
    collection: str
    quantity: int
    price: Decimal
    discount: Decimal
    currency: str
    url: str
    image: str
    coupon: str
    warehouse: str
    carrier: str
    is_gift: bool
    returning: bool


def rows(count: int, profiles: int, start: int = 0) -> Iterator[Row]:
    """So many lines over so many customers; no line and no customer for two values of `start`."""
    for n in range(start, start + count):
        customer = f"{start}-{n % profiles}"
        product = n % 900
        yield Row(
            email=f"customer-{customer}@shop.test-domain.org",
            first_name="Alexandra",
            last_name=f"Papadopoulos-{customer}",
            city="Stratford-upon-Avon",
            country="United Kingdom",
            ordered_at=_FIRST_ORDER + timedelta(seconds=n // 3),
            order_id=f"ORDER-2025-{n // 3:09}",
            line=n % 3 + 1,
            sku=f"SKU-{product:06}",
            name=f"White hanging heart tea-light holder, number {product}",
            description=f"{_TEXT}Product {product}. {_TEXT}{_TEXT}",
            brand="Crème Cupid & Daughters",
            category="Home and Garden",
            collection="Winter",
            quantity=n % 7 + 1,
            price=Decimal(255 + product * 10) / 100,
            discount=Decimal(5 + n % 5 * 10) / 100,
            currency="GBP",
            url=f"https://www.shop.test-domain.org/products/white-hanging-heart-{product}?ref=mail",
            image=f"https://cdn.test-domain.org/images/products/large/{product:06}.jpg",
            coupon="WELCOME-BACK-10",
            warehouse="Coventry 2",
            carrier="Royal Mail Tracked 48",
            is_gift=n % 4 == 0,
            returning=True,
        )


def unique_id(row: Row) -> str:
    """The line's own key."""
    return f"{row.order_id}-{row.line}"


def properties(row: Row, number: Callable[[Decimal], object] = float) -> dict[str, object]:
    """The event's properties; `number` makes of a Decimal what goes into them."""
    return {
        "OrderId": row.order_id,
        "Line": row.line,
        "ProductId": row.sku,
        "ProductName": row.name,
        "Description": row.description,
        "Brand": row.brand,
        "Categories": [row.category, row.collection],
        "Quantity": row.quantity,
        "ItemPrice": number(row.price),
        "Discount": number(row.discount),
        "ProductURL": row.url,
        "ImageURL": row.image,
        "Coupon": row.coupon,
        "IsGift": row.is_gift,
        "ReturningCustomer": row.returning,
        "Shipping": {
            "Warehouse": row.warehouse,
            "Carrier": row.carrier,
            "City": row.city,
            "Country": row.country,
        },
    }
