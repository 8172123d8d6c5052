"""From options to sources and how their records are taken in."""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import click
from attrs import frozen

from klaviyo_bulk_events.intake import Intake
from klaviyo_bulk_events.planner import Planner, Sourced
from klaviyo_bulk_events.settings import planner
from klaviyo_bulk_events.sources import (
    Mapped,
    Rules,
    Source,
    open_files,
    query_source,
    read_map_file,
    read_map_option,
)
from klaviyo_bulk_events.sources.json_lines import JsonLinesSource


@frozen(kw_only=True)
class Inputs:
    """What a command reads, and how. `paths` are the files among the sources."""

    sources: Sequence[Source]
    paths: Sequence[str]
    intake: Intake
    backfill: bool | None
    limit: int | None

    def records(self) -> Iterator[Sourced]:
        """The records of all sources, up to the limit."""
        records: Iterable[Sourced] = itertools.chain.from_iterable(self.sources)
        return itertools.islice(records, self.limit)

    def planner(self) -> Planner:
        """A planner for these records. Raises ConfigurationError."""
        return planner(self.intake, self.backfill)

    def share(self) -> float | None:
        """How much of the sources was read, 0 to 1; None where that isn't known."""
        if self.limit is not None:
            return None
        shares = [source.share() for source in self.sources]
        known = [share for share in shares if share is not None]
        return sum(known) / len(shares) if len(known) == len(shares) else None


def read_inputs(options: Mapping[str, Any], instead: Sequence[Source] | None = None) -> Inputs:
    """Open what the options name; `instead` of its sources, these.

    Raises click.UsageError and ConfigurationError for everything that can be known to be wrong
    before the first record.
    """
    backfill = _backfill(options)
    intake = _intake(options)
    planner(intake, backfill)
    rules = _rules(options)
    sources = _sources(options, rules) if instead is None else instead
    if (
        rules.mapping
        and instead is None
        and all(isinstance(source, JsonLinesSource) for source in sources)
    ):
        raise click.UsageError("--map is for CSV, SQL and Parquet, and here is none of them")
    return Inputs(
        sources=sources,
        paths=options["source"],
        intake=intake,
        backfill=backfill,
        limit=options["limit"],
    )


def _backfill(options: Mapping[str, Any]) -> bool | None:
    if options["backfill"] and options["trigger_flows"]:
        raise click.UsageError("--backfill and --trigger-flows contradict each other")
    return True if options["backfill"] else False if options["trigger_flows"] else None


def _intake(options: Mapping[str, Any]) -> Intake:
    return Intake(
        timezone=options["timezone"],
        unix_time=options["unix_time"],
        stamp_now=options["stamp_now"],
        profile_updates=not options["no_profile_updates"],
        metrics=options["allow_metric"] or None,
        nulls=options["nulls"],
        rest_as_properties=options["rest_as_properties"],
        window=options["window"],
    )


def _rules(options: Mapping[str, Any]) -> Rules:
    names = options["unique_id_from"]
    parts = [name.strip() for name in names.split(",")] if names is not None else []
    if not all(parts):
        raise click.UsageError("--unique-id-from takes names with commas between them")
    return Rules(
        mapping=_mapping(options),
        rest_as_properties=options["rest_as_properties"],
        metric=options["metric"],
        unique_id_from=parts,
        beside=filter(None, [options.get("account_column")]),
    )


def _mapping(options: Mapping[str, Any]) -> dict[str, Mapped]:
    path = options["map_file"]
    mapping = read_map_file(path) if path is not None else {}
    return mapping | dict(map(read_map_option, options["mappings"]))


def _sources(options: Mapping[str, Any], rules: Rules) -> Sequence[Source]:
    paths, query, attach = options["source"], options["sql"], options["attach"]
    if query is None and attach:
        raise click.UsageError("--attach is for --sql")
    if bool(paths) == (query is not None):
        raise click.UsageError("name files, or - for standard input, or give --sql QUERY")
    timezone = options["timezone"]
    if query is not None:
        from klaviyo_bulk_events.cli.environment import blank_key

        blank_key()  # what keeps queries from /proc is not without gaps
        return [query_source(query, rules, timezone=timezone, attach=attach)]
    if paths.count("-") > 1:
        raise click.UsageError("standard input can be read only once")
    return open_files(paths, rules, timezone=timezone, form=options["form"])
