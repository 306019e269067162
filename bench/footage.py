"""Where the real road clips lie, and a clip of the simulated street, encoded as an IP camera would."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av

from simulation.render import Painter
from simulation.street import Street

CLIPS = Path(__file__).parents[2] / "shared" / "data" / "clips"
_FPS = 10
_SECONDS = 30
_BITRATE = 600_000


def made_clip(file: Path) -> Path:
    """Write 30 s of H.264, 640x360 at 10 fps, and return the file."""
    street, painter = Street(seed=1), Painter(seed=1)
    with av.open(str(file), "w") as container:
        stream = container.add_stream("libx264", rate=_FPS)
        stream.width, stream.height, stream.pix_fmt = 640, 360, "yuv420p"
        stream.bit_rate, stream.time_base = _BITRATE, Fraction(1, _FPS)
        for number in range(_FPS * _SECONDS):
            street.advance(number / _FPS)
            picture = painter.frame(street.present(), number / _FPS, "")
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        container.mux(stream.encode())
    return file
