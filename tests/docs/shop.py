"""What a reader has before opening any page: a shop's files and its database."""

import csv
import json
import os
import sqlite3
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
from pyarrow import parquet

ORDERS = [
    {
        "Order": "1041",
        "Date": "2026-11-07 18:12:00",
        "Email": "ada@shop.org",
        "Product": "Kettle",
        "Quantity": "1",
        "Total": "24.90",
    },
    {
        "Order": "1042",
        "Date": "2026-11-08 09:30:00",
        "Email": "grace@shop.org",
        "Product": "Teapot",
        "Quantity": "2",
        "Total": "39.80",
    },
    {
        "Order": "1043",
        "Date": "2026-11-08 11:05:00",
        "Email": "",
        "Product": "Mug",
        "Quantity": "1",
        "Total": "7.50",
    },
]
COLUMNS = """\
Order = "unique_id"
Date = "time"
Email = "profile.email"
Product = "properties.product"
Quantity = "properties.quantity:number"
Total = "value"
"""
BUYERS = {"1043": "mary@shop.org"}


def furnish(folder: Path, database: Mapping[str, str]) -> None:
    """Put the files into the folder, and the tables into PostgreSQL."""
    with (folder / "orders.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, ORDERS[0])
        writer.writeheader()
        writer.writerows(ORDERS)
    (folder / "arriving").mkdir()
    spec = Path(__file__).parents[2] / "openapi" / "bulk_create_events.json"
    (folder / spec.name).write_bytes(spec.read_bytes())
    (folder / "columns.toml").write_text(COLUMNS)
    (folder / "shop-2").write_text("pk_2222222222222222")
    (folder / "our_tokens.py").write_text("def token_of(name): return f'token-of-{name}'\n")
    records = [_record(order) for order in ORDERS]
    _write_lines(folder / "orders.jsonl", records)
    shops = ["shop-1", "shop-2", "shop-1"]
    of_all = [{"shop": s, **r} for s, r in zip(shops, records, strict=True)]
    for path in (folder / "all.jsonl", folder / "arriving" / "1.jsonl"):
        _write_lines(path, of_all)
    bought = [
        {
            "OrderId": o["Order"],
            "Email": _email(o),
            "Date": o["Date"],
            "Product": o["Product"],
            "Total": float(o["Total"]),
        }
        for o in ORDERS
    ]
    parquet.write_table(pa.Table.from_pylist(bought), folder / "shop.parquet")
    parquet.write_table(pa.Table.from_pylist(records), folder / "orders.parquet")
    _fill_sqlite(folder / "shop.sqlite")
    _fill_postgresql(database)


def _email(order: Mapping[str, str]) -> str:
    return order["Email"] or BUYERS[order["Order"]]


def _record(order: Mapping[str, str]) -> dict[str, object]:
    return {
        "metric": "Placed Order",
        "profile": {"email": _email(order)},
        "properties": {"Product": order["Product"]},
        "time": order["Date"].replace(" ", "T") + "Z",
        "value": float(order["Total"]),
        "unique_id": order["Order"],
    }


def _write_lines(path: Path, records: list[dict[str, object]]) -> None:
    path.write_text("".join(f"{json.dumps(record)}\n" for record in records))


def _fill_sqlite(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("create table orders (id, email, placed_at, total, product)")
        rows = [(o["Order"], _email(o), o["Date"], float(o["Total"]), o["Product"]) for o in ORDERS]
        database.executemany("insert into orders values (?, ?, ?, ?, ?)", rows)
    database.close()


def _fill_postgresql(variables: Mapping[str, str]) -> None:
    orders = ", ".join(
        f"({o['Order']}, {o['Order']}, '{o['Date']}+00', {o['Total']}, '{o['Product']}')"
        for o in ORDERS
    )
    customers = ", ".join(f"({o['Order']}, '{_email(o)}')" for o in ORDERS)
    script = f"""
        drop table if exists orders, customers;
        create table orders
            (id int, customer_id int, placed_at timestamptz, total numeric, product text);
        create table customers (id int, email text);
        insert into orders values {orders};
        insert into customers values {customers};
    """
    asked = ["psql", "--quiet", "--set=ON_ERROR_STOP=1", "--command", script]
    environment = {**os.environ, **variables, "PGOPTIONS": "--client-min-messages=warning"}
    subprocess.run(asked, check=True, env=environment)
