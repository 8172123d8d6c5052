"""The files of a checkout that the pipeline reads and writes."""

from dataclasses import dataclass
from pathlib import Path

SPEC = "openapi/bulk_create_events.json"
SOURCE = "openapi/SOURCE.toml"
GENERATED = "generated"
WRITTEN = (SPEC, SOURCE, GENERATED)


@dataclass(frozen=True)
class Checkout:
    """A checkout of this project, by its root."""

    root: Path

    @property
    def spec(self) -> Path:
        """Klaviyo's spec as received."""
        return self.root / SPEC

    @property
    def source(self) -> Path:
        """Where the spec came from."""
        return self.root / SOURCE

    @property
    def overlay(self) -> Path:
        """What we change in the spec."""
        return self.root / "openapi" / "overlay.yaml"

    @property
    def config(self) -> Path:
        """The generator's settings."""
        return self.root / "generator_config.yaml"

    @property
    def generated(self) -> Path:
        """The source root that holds the generated package and nothing else."""
        return self.root / GENERATED
