"""What goes wrong with a camera, named by what the catcher does next.

VisionError
    BadSettings    end: the parent said something that no camera can be run with
    StreamLost     back off, then open the stream again
    StreamOver     a file has come to its end: finish, or start again if it loops
"""

from __future__ import annotations


class VisionError(Exception):
    """Something that the process of a camera expects to happen."""


class BadSettings(VisionError):
    """Settings that no camera can be run with; the text names the key."""


class StreamLost(VisionError):
    """A stream that cannot be opened, stalls, breaks off or shows nothing usable."""


class StreamOver(VisionError):
    """The end of a file."""
