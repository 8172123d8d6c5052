"""Contains all the data models used in inputs/outputs"""

from .create_job import CreateJob
from .create_job_attributes import CreateJobAttributes
from .create_job_data import CreateJobData
from .create_job_entries import CreateJobEntries
from .create_job_type import CreateJobType
from .error_document import ErrorDocument
from .error_item import ErrorItem
from .error_source import ErrorSource
from .event_attributes import EventAttributes
from .event_data import EventData
from .event_metric import EventMetric
from .event_properties import EventProperties
from .event_type import EventType
from .identifier_patch import IdentifierPatch
from .identifier_patch_append import IdentifierPatchAppend
from .identifier_patch_unappend import IdentifierPatchUnappend
from .metric_attributes import MetricAttributes
from .metric_data import MetricData
from .metric_type import MetricType
from .profile_attributes import ProfileAttributes
from .profile_data import ProfileData
from .profile_entry import ProfileEntry
from .profile_entry_attributes import ProfileEntryAttributes
from .profile_entry_events import ProfileEntryEvents
from .profile_entry_profile import ProfileEntryProfile
from .profile_entry_type import ProfileEntryType
from .profile_location import ProfileLocation
from .profile_meta import ProfileMeta
from .profile_patch import ProfilePatch
from .profile_patch_append import ProfilePatchAppend
from .profile_patch_unappend import ProfilePatchUnappend
from .profile_properties import ProfileProperties
from .profile_type import ProfileType

__all__ = (
    "CreateJob",
    "CreateJobAttributes",
    "CreateJobData",
    "CreateJobEntries",
    "CreateJobType",
    "ErrorDocument",
    "ErrorItem",
    "ErrorSource",
    "EventAttributes",
    "EventData",
    "EventMetric",
    "EventProperties",
    "EventType",
    "IdentifierPatch",
    "IdentifierPatchAppend",
    "IdentifierPatchUnappend",
    "MetricAttributes",
    "MetricData",
    "MetricType",
    "ProfileAttributes",
    "ProfileData",
    "ProfileEntry",
    "ProfileEntryAttributes",
    "ProfileEntryEvents",
    "ProfileEntryProfile",
    "ProfileEntryType",
    "ProfileLocation",
    "ProfileMeta",
    "ProfilePatch",
    "ProfilePatchAppend",
    "ProfilePatchUnappend",
    "ProfileProperties",
    "ProfileType",
)
