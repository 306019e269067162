"""What a technician should look at when a stream is lost: one table from a loss's words to its cure."""

from __future__ import annotations

_USER = "it does not accept the user name or password; check them in the address: user:password@host"
_NETWORK = "there is no way to the camera; check the host in the address, the cable and this computer's network"
_NO_VIDEO = "what is there is no video that can be read; check that the address or path is that of a video"

CURES = {
    "Connection refused": "nothing listens there; is the camera on, are host and port right?",
    "no answer in time": "is the camera on, and are the host and port in the address right?",
    "no picture in time": "the camera or the network has stalled; check power, cable and the camera's own page",
    "Connection timed out": "is the camera on, is the host in the address right, is there a firewall?",
    "No route to host": _NETWORK,
    "Host is unreachable": _NETWORK,
    "Network is unreachable": _NETWORK,
    "host name is not known": "check the host in the address and the network's DNS, or use the camera's number",
    "returned 401": _USER,
    "returned 403": f"{_USER}, and whether the camera has locked this user out",
    "returned 404": "the camera does not know this path; check what stands behind the host in the address",
    "returned 4": "the camera does not take the request; check what stands behind the host in the address",
    "returned 5": "the camera has a trouble of its own; is it shown to too many already? Restart it",
    "reset by peer": "the camera or the network has closed the connection",
    "Broken pipe": "the camera or the network has closed the connection",
    "Protocol not found": "a camera is rtsp://…, http://… (MJPEG), a device or the path of a video file",
    "No such file": "check the path",
    "Permission denied": "this user may not read it; check its owner and mode, and those of its folders",
    "Is a directory": "the path must be that of a video file",
    "Invalid data": _NO_VIDEO,
    "Input/output error": "what answers there is no camera's stream; check rtsp or http, port and path in the address",
    "holds no video": _NO_VIDEO,
    "holds no picture": _NO_VIDEO,
    "cannot be decoded": "set the camera's sub-stream to H.264 or MJPEG; if it was well before, check the network",
    "shows a picture": "choose the camera's sub-stream",
    "shows pictures": "choose the camera's sub-stream",
}
"""The first sign that stands in a loss's text decides."""


def with_cure(loss: str) -> str:
    """Return what happened and, where that is known, what to look at."""
    cure = next((cure for sign, cure in CURES.items() if sign in loss), "")
    return f"{loss}; {cure}" if cure else loss
