"""Shop events as an application's database has them: rows of an order's lines."""

from collections.abc import Iterator
from typing import NamedTuple

METRIC = "Ordered Product"
_TEXT = "Hand-finished in small batches, dishwasher safe, comes in a gift box with a card. "


class Row(NamedTuple):
    """A line of an order, joined with its product and its customer."""

    email: str
    first_name: str
    last_name: str
    city: str
    country: str
    ordered_at: str
    order_id: str
    line: int
    sku: str
    name: str
    description: str
    brand: str
    category: str
    collection: str
    quantity: int
    price: float
    discount: float
    currency: str
    url: str
    image: str
    coupon: str
    warehouse: str
    carrier: str
    is_gift: bool
    returning: bool


def rows(count: int, profiles: int, start: int = 0) -> Iterator[Row]:
    """So many lines over so many customers, never the same line twice."""
    for n in range(start, start + count):
        customer = f"{start}-{n % profiles}"
        product = n % 900
        yield Row(
            email=f"customer-{customer}@shop.test-domain.org",
            first_name="Alexandra",
            last_name=f"Papadopoulos-{customer}",
            city="Stratford-upon-Avon",
            country="United Kingdom",
            ordered_at=f"2025-{n % 12 + 1:02}-{n % 28 + 1:02}T{n % 24:02}:{n % 60:02}:17+00:00",
            order_id=f"ORDER-2025-{n // 3:09}",
            line=n % 3 + 1,
            sku=f"SKU-{product:06}",
            name=f"White hanging heart tea-light holder, number {product}",
            description=f"{_TEXT}Product {product}. {_TEXT}",
            brand="Cream Cupid & Daughters",
            category="Home and Garden",
            collection="Winter",
            quantity=n % 7 + 1,
            price=round(2.55 + product / 10, 2),
            discount=round(0.05 + n % 5 / 10, 2),
            currency="GBP",
            url=f"https://www.shop.test-domain.org/products/white-hanging-heart-{product}?ref=mail",
            image=f"https://cdn.test-domain.org/images/products/large/{product:06}.jpg",
            coupon="WELCOME-BACK-10",
            warehouse="Coventry 2",
            carrier="Royal Mail Tracked 48",
            is_gift=n % 4 == 0,
            returning=True,
        )


def properties(row: Row) -> dict[str, object]:
    """The event's properties."""
    return {
        "OrderId": row.order_id,
        "Line": row.line,
        "ProductId": row.sku,
        "ProductName": row.name,
        "Description": row.description,
        "Brand": row.brand,
        "Categories": [row.category, row.collection],
        "Quantity": row.quantity,
        "ItemPrice": row.price,
        "Discount": row.discount,
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
