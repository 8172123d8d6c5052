"""Records out of files, standard input and SQL, one by one."""

from klaviyo_bulk_events.sources.mapping import Mapped, read_map_file, read_map_option
from klaviyo_bulk_events.sources.opening import open_files
from klaviyo_bulk_events.sources.rules import Rules
from klaviyo_bulk_events.sources.source import Source
from klaviyo_bulk_events.sources.sql import query_source

__all__ = [
    "Mapped",
    "Rules",
    "Source",
    "open_files",
    "query_source",
    "read_map_file",
    "read_map_option",
]
