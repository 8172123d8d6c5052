"""The plots of a run report, as SVG of the page's own width and of a telephone's."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Any, Final

from klaviyo_bulk_events.run_report.html import Markup, join, tag
from klaviyo_bulk_events.run_report.scale import Scale, round_steps, short, time_label, time_steps
from klaviyo_bulk_events.run_report.words import STATUSES, duration, limit, number

_WIDTHS: Final = {"wide": 720, "narrow": 340}
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 12, 18, 24
_LANES: Final = {
    "waiting": "Waiting for the limit",
    "paused": "Paused by Klaviyo",
    "retries": "Sent again",
    "failed": "Failed attempts",
}
"""What held a run up, and how it is called."""

_Draw = Callable[[int], Markup]


def shares(counts: Mapping[str, int]) -> Markup:
    """A bar of what became of all events."""
    total = max(1, sum(counts.values()))

    def draw(width: int) -> Markup:
        scale = Scale(total, 0, width)
        edges = [0, *accumulate(counts.values())]
        parts = [
            tag("rect", x=scale(start), y=0, height=28, class_=f"is-{status}",
                width=round(max(scale(end) - scale(start), 2), 1))
            for status, start, end in zip(counts, edges, edges[1:], strict=False)
            if end > start
        ]  # fmt: skip
        return join(*parts)

    told = ", ".join(f"{number(n)} {STATUSES[s][0].lower()}" for s, n in counts.items() if n)
    return _both("What became of every event", told or "no events", 28, draw)


def settled(timeline: Mapping[str, Any]) -> Markup:
    """How many events were settled by when, those of the same fate on top of each other."""
    buckets = timeline["buckets"]
    sums = {s: list(accumulate(buckets[s])) for s in STATUSES if any(buckets.get(s, ()))}
    most = sum(column[-1] for column in sums.values()) if sums else 1

    def draw(width: int) -> Markup:
        x, y = _x(timeline, width), Scale(most, 180 - _BOTTOM, _TOP)
        areas = []
        below = [0.0] * len(buckets["requests"])
        for status, column in sums.items():
            above = [a + b for a, b in zip(below, column, strict=True)]
            path = _area(timeline, x, y, below, above)
            areas.append(tag("path", d=path, class_=f"is-{status}"))
            below = above
        return join(_grid(x, y, 180), *areas, _sessions(timeline, x, 180))

    told = f"after {duration(timeline['seconds'])} {number(most)} events were settled"
    return _both("Events over time", told, 180, draw)


def requests(timeline: Mapping[str, Any], of: Mapping[str, Any]) -> Markup:
    """The most requests within the window of a limit, and the limit as a line."""
    title = f"Requests within {window(of['seconds'])}"
    peak = max(of["busiest"], default=0)

    def draw(width: int) -> Markup:
        most = max(of["requests"], peak) * 1.1
        x, y = _x(timeline, width), Scale(most, 130 - _BOTTOM, _TOP)
        below = [0.0] * len(of["busiest"])
        path = _area(timeline, x, y, below, of["busiest"], stepped=True)
        at = y(of["requests"])
        return join(
            _grid(x, y, 130),
            tag("path", d=path, class_="requests"),
            tag("line", x1=x(0), x2=x.end, y1=at, y2=at, class_="limit"),
            tag("text", f"limit {of['requests']:,}", x=x.end, y=at - 4, class_="limit-name"),
            _sessions(timeline, x, 130),
        )

    return _both(title, f"never more than {number(peak)}; the limit is {limit(of)}", 130, draw)


def held_up(timeline: Mapping[str, Any]) -> Markup:
    """When the run waited, paused, and had to send again."""
    buckets = timeline["buckets"]
    height = 30 * len(_LANES) + _BOTTOM

    def draw(width: int) -> Markup:
        x = _x(timeline, width)
        rows = []
        for row, (name, label) in enumerate(_LANES.items()):
            top = 30 * row
            rows.append(tag("text", label, x=x(0), y=top + 11, class_="lane"))
            rows.append(tag("rect", x=x(0), y=top + 15, height=9,
                            width=round(x.end - x(0), 1), class_="track"))  # fmt: skip
            rows.append(tag("path", d=_marks(timeline, x, buckets[name], top + 15), class_=name))
        return join(*rows, _times(x, height), _sessions(timeline, x, height))

    told = ", ".join(f"{label.lower()}: {_amount(name, sum(buckets[name]))}"
                     for name, label in _LANES.items())  # fmt: skip
    return _both("What held it up", told, height, draw)


def fills(plan: Mapping[str, Any]) -> Markup:
    """How many requests are how full."""
    by_fill = {int(fill): count for fill, count in plan["requests_by_fill"].items()}
    most = max(by_fill.values(), default=1)

    def draw(width: int) -> Markup:
        x, y = Scale(100, _LEFT, width - 2 * _RIGHT), Scale(most, 150 - _BOTTOM, _TOP)
        bars = [
            tag("rect", x=x(fill - 10) + 1, y=y(count), class_="requests",
                width=round(x(10) - x(0) - 2, 1), height=round(y(0) - y(count), 1))
            for fill, count in by_fill.items()
        ]  # fmt: skip
        labels = [tag("text", f"{at} %", x=x(at), y=146, class_="x") for at in (0, 50, 100)]
        return join(_lines(x, y), *bars, *labels)

    told = ", ".join(f"{number(n)} up to {fill} % full" for fill, n in sorted(by_fill.items()))
    return _both("Requests by how full they are", told or "no requests", 150, draw)


def _both(title: str, told: str, height: int, draw: _Draw) -> Markup:
    """The drawing at both widths, of which the page shows the one that fits."""
    return join(
        *(
            tag("svg", tag("title", title), tag("desc", told), draw(width), role="img",
                viewBox=f"0 0 {width} {height}", width=width, height=height, class_=name,
                aria_label=f"{title}: {told}")
            for name, width in _WIDTHS.items()
        )
    )  # fmt: skip


def _x(timeline: Mapping[str, Any], width: int) -> Scale:
    return Scale(max(timeline["seconds"], 1.0), _LEFT, width - _RIGHT)


def _area(
    timeline: Mapping[str, Any],
    x: Scale,
    y: Scale,
    below: Sequence[float],
    above: Sequence[float],
    *,
    stepped: bool = False,
) -> str:
    edges = list(_edges(timeline, len(above)))
    upper = list(_points(edges, above, stepped=stepped))
    lower = list(_points(edges, below, stepped=stepped))
    points = [(x(at), y(value)) for at, value in (*upper, *reversed(lower))]
    return "M" + "L".join(f"{left:g},{top:g}" for left, top in points) + "Z" if points else ""


def _points(
    edges: Sequence[tuple[float, float]], values: Sequence[float], *, stepped: bool
) -> Iterator[tuple[float, float]]:
    """Corners of what stands from edge to edge, or the line that reaches each value at its end."""
    if not stepped:
        yield 0.0, 0.0
    for (start, end), value in zip(edges, values, strict=True):
        if stepped:
            yield start, value
        yield end, value


def _edges(timeline: Mapping[str, Any], count: int) -> Iterator[tuple[float, float]]:
    width, last = timeline["seconds_per_bucket"], max(timeline["seconds"], 1.0)
    for at in range(count):
        yield min(at * width, last), min((at + 1) * width, last)


def _marks(timeline: Mapping[str, Any], x: Scale, values: Sequence[float], top: float) -> str:
    edges = _edges(timeline, len(values))
    return "".join(
        f"M{x(start):g},{top}h{max(x(end) - x(start), 2):g}v9H{x(start):g}Z"
        for (start, end), value in zip(edges, values, strict=True)
        if value > 0
    )


def _grid(x: Scale, y: Scale, height: int) -> Markup:
    return join(_lines(x, y), _times(x, height))


def _lines(x: Scale, y: Scale) -> Markup:
    return join(
        *(
            join(
                tag("line", x1=x(0), x2=x.end, y1=y(value), y2=y(value), class_="grid"),
                tag("text", short(value), x=x(0) - 6, y=y(value) + 4, class_="y"),
            )
            for value in round_steps(y.most, 4)
        )
    )


def _times(x: Scale, height: int) -> Markup:
    count = 8 if x.end > _WIDTHS["narrow"] else 4
    labels = (
        tag("text", time_label(at), x=x(at), y=height - 6, class_="x")
        for at in time_steps(x.most, count)
    )
    return join(*labels)


def _sessions(timeline: Mapping[str, Any], x: Scale, height: int) -> Markup:
    """A line where the run was gone on with after it had ended."""
    return join(
        *(
            tag("line", x1=x(session["at"]), x2=x(session["at"]), y1=4, y2=height - _BOTTOM,
                class_="session")
            for session in timeline["sessions"]
            if session["at"]
        )
    )  # fmt: skip


def window(seconds: float) -> str:
    """A span of time as `one minute`."""
    named: dict[float, str] = {1: "one second", 60: "one minute", 3600: "one hour"}
    return named.get(seconds, f"{seconds:g} s")


def _amount(name: str, value: float) -> str:
    return duration(value) if name in ("waiting", "paused") else number(value)
