"""No key is anywhere where Spark shows things."""

import re
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from klaviyo_bulk_events.emulator import Running
from tests.spark.conftest import REVOKED
from tests.spark.worker import KEYS, befall

PAGES = ("environment", "jobs", "stages", "storage", "executors", "SQL")
LISTS = ("environment", "jobs", "stages?details=true", "executors", "sql?details=true&length=9999")


def shown(spark: Any) -> str:
    """What the pages, their details and the REST API have."""
    context = spark.sparkContext
    pages = {f"{context.uiWebUrl}/{page}/" for page in PAGES}
    rest = f"{context.uiWebUrl}/api/v1/applications/{context.applicationId}"
    pages |= {f"{rest}/{name}" for name in LISTS}
    found = []
    seen: set[str] = set()
    while pages - seen:
        for page in sorted(pages - seen):
            seen.add(page)
            with urlopen(page) as answer:
                text = answer.read().decode()
            found.append(text)
            for link in re.findall(r'href="([^"]*/(?:execution|job|stage)/\?id=[^"]*)"', text):
                pages.add(context.uiWebUrl + link.replace("&amp;", "&"))
    return "\n".join(found)


def test_no_key_is_shown(
    spark: Any,
    rows: Callable[..., Any],
    arguments: dict[str, Any],
    emulated: Running,
    folder: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """On the pages, in the event log, the plans and the exceptions, of writes that fail, too."""
    from klaviyo_bulk_events.spark import JobError, write

    df = rows(6_000)
    accounts = {"shop-0": "env:KEY_shop-0", "shop-1": "env:REVOKED_KEY"}
    write(df, **{**arguments, "accounts": accounts})
    emulated.emulator.reset()
    befall(folder, killed_after=1, attempts=4, url=emulated.url)
    with pytest.raises(JobError) as failed:
        write(df, **{**arguments, "run": "failing", "rates": ["1/0.5s"]})
    texts = ["".join(traceback.format_exception(failed.value))]
    options = {
        "account": "shop-0",
        "credential": "env:KEY_shop-0",
        "backfill": "true",
        "run": "orders",
        "ledger": arguments["ledger"],
        "baseUrl": "http://127.0.0.1:9",
        "deadline": "0.5",
    }
    with pytest.raises(Exception, match="unsent or unknown") as refused:
        df.drop("shop").write.format("klaviyo").mode("append").options(**options).save()
    texts.append("".join(traceback.format_exception(refused.value)))
    df.explain(mode="extended")
    texts += [shown(spark), *capfd.readouterr()]
    texts += [path.read_text() for path in (folder / "events").rglob("*") if path.is_file()]
    everything = "\n".join(texts)
    # What it would stand in has been looked at: the log, the page of settings, the exceptions.
    for known in ("SparkListenerApplicationStart", "spark.eventLog.dir", "unsent or unknown"):
        assert known in everything
    assert REVOKED not in everything
    assert not [key for key in KEYS.values() if key in everything]
