"""The applications that docs/queue.md shows, run."""

import time

import pytest

from klaviyo_bulk_events.emulator import Emulator
from klaviyo_bulk_events.emulator.memory import Event
from tests.docs.reader import PROJECT, Reader, free_port

PAGE = PROJECT / "docs" / "queue.md"
URLS = """
from django.urls import path

from shop import views

urlpatterns = [path("products/<sku>", views.product)]
"""
PATIENCE_SECONDS = 60

pytestmark = pytest.mark.timeout(300)


def test_a_django_view_sends_what_it_puts(reader: Reader, emulator: Emulator) -> None:
    """In a project as Django starts one."""
    port = free_port()
    reader.in_shell("django-admin startproject shop .")
    reader.copy_files(PAGE)
    reader.write("shop/urls.py", URLS)
    reader.leave_running(f"python -u manage.py runserver --noreload {port}", "Quit the server")
    reader.in_shell(f"curl --fail --silent 'http://127.0.0.1:{port}/products/A1?email=a@shop.org'")
    event = _the_event(emulator)
    assert (event.metric, event.properties) == ("Viewed Product", {"sku": "A1"})


def test_a_fastapi_route_sends_what_it_puts(reader: Reader, emulator: Emulator) -> None:
    """Under uvicorn."""
    port = free_port()
    reader.copy_files(PAGE)
    reader.leave_running(f"uvicorn app:app --port {port}", "running on")
    order = '{"id": "1042", "email": "a@shop.org", "total": 19.9}'
    header = "content-type: application/json"
    reader.in_shell(
        f"curl --fail --silent -H '{header}' -d '{order}' http://127.0.0.1:{port}/orders"
    )
    event = _the_event(emulator)
    assert (event.unique_id, event.value) == ("1042", 19.9)


def test_a_celery_task_sends_what_it_puts(reader: Reader, emulator: Emulator) -> None:
    """In a worker's process, over a real Redis."""
    reader.copy_files(PAGE)
    reader.leave_running("celery --app tasks worker --concurrency 2 --loglevel INFO", "ready")
    reader.in_shell("python -c \"import tasks; tasks.placed_order.delay('a@shop.org', '1042')\"")
    event = _the_event(emulator)
    assert (event.metric, event.unique_id) == ("Placed Order", "1042")


def _the_event(emulator: Emulator) -> Event:
    """The one that arrives."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if events := emulator.events():
            (event,) = events
            return event
        time.sleep(0.05)
    raise AssertionError("no event has arrived")
