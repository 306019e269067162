"""What goes wrong in telemetry, named by what the catcher does next.

TelemetryError
    BadName         refuse the configuration, the topic or the command line that holds it
    BadReading      a defect of the source: let it fail
    BadTopic        ignore the message, count it
    BadBatch        dead-letter the message whole
    BadAck          ignore the message, count it
    BadStatus       ignore the message, count it
"""

from __future__ import annotations


class TelemetryError(Exception):
    """Something said or heard that the contract does not allow."""


class BadName(TelemetryError):
    """A name outside `[a-z0-9]` with single hyphens, 1 to 32 characters."""

    def __init__(self, name: str) -> None:
        """Keep the offending name."""
        self.name = name
        super().__init__(f"{name[:60]!r} is not a name: use 1 to 32 of a-z, 0-9 and single hyphens, like 'dust-north'")


class BadReading(TelemetryError):
    """A reading that contradicts its family: unknown quantity or label, not a finite number."""


class BadTopic(TelemetryError):
    """A topic outside the grammar."""


class BadBatch(TelemetryError):
    """A payload that is no batch document."""


class BadAck(TelemetryError):
    """A payload that is no acknowledgement."""


class BadStatus(TelemetryError):
    """A payload that is no status."""
