"""What a port's words mean: the sensor, how sure that is, and the settings for it; or why nothing is known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from drivers.catalogue import load
from edge_agent.listening import described
from edge_agent.scanning.evidence import Heard, Trial

SILENCE = (
    "it says nothing: check the power, TX and RX (swapped?), A and B on RS-485, and whether it sleeps",
    "3.3 V inputs do not survive 5 V: check the levels before the next try",
    "tidak ada data: periksa catu daya, TX dan RX (tertukar?), A dan B pada RS-485, atau sensor sedang tidur",
    "masukan 3,3 V rusak oleh 5 V: periksa tegangan sebelum mencoba lagi",
)
HELD_LOW = (
    "only zero bytes come: the line is held low; swapped wires, an inverted polarity or no power",
    "hanya byte nol: jalur tertahan rendah; kabel tertukar, polaritas terbalik, atau tanpa catu daya",
)
GARBAGE = (
    "bytes come, but no known frame: another speed, an inverted polarity (many MaxBotix), or an unknown device",
    "ada byte, tetapi bukan frame yang dikenal: kecepatan lain, polaritas terbalik, atau perangkat tidak dikenal",
)
LINES = (
    "lines of text come that no driver knows: describe the board in a file (docs/devices.md)",
    "ada baris teks yang tidak dikenal: buat deskripsi perangkatnya (docs/devices.md)",
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The drivers that a port's sensor may have, the likeliest first; without any, why."""

    names: tuple[str, ...]
    evidence: tuple[str, ...]
    remedies: tuple[str, ...] = ()
    address: int | None = None
    baud: int | None = None

    @property
    def is_certain(self) -> bool:
        """Whether there is one driver only."""
        return len(self.names) == 1


def verdicts(heard: Heard) -> list[Verdict]:
    """Return what the port's words mean: one verdict, or one for each address that answered."""
    found = heard.fitting
    if not found:
        return [Verdict((), tuple(_what_came(heard)), _why(heard))]
    addresses = sorted({trial.address for trial in found if trial.address is not None})
    if addresses:
        return [_of([trial for trial in found if trial.address == address], heard) for address in addresses]
    return [_of(found, heard)]


def _of(found: list[Trial], heard: Heard) -> Verdict:
    names = list(dict.fromkeys(trial.name for trial in found))
    for name in tuple(names):
        names += [other for other in load(name).looks_like if other not in names and not _was_asked(heard, other)]
    answered = [trial for trial in found if trial.asked and trial.name in load(found[0].name).looks_like]
    if answered:
        found, names = answered, list(dict.fromkeys(trial.name for trial in answered))
    first = found[0]
    baud = first.line.baud
    return Verdict(
        tuple(names),
        tuple(_evidence(trial, heard) for trial in found),
        address=first.address,
        baud=baud if baud != load(first.name).line.baud else None,
    )


def _was_asked(heard: Heard, name: str) -> bool:
    return any(trial.name == name and trial.asked for trial in heard.trials)


def _evidence(trial: Trial, heard: Heard) -> str:
    how = f"answered {trial.asked.hex(' ')}" if trial.asked else f"{trial.frames} frames in {heard.seconds:.1f} s"
    checked = "their sums agree" if trial.driver.has_check else "without a sum to check"
    values = f"; {described(trial.newest)}" if trial.newest else ""
    return f"{trial.name}: {how} at {trial.line}, {trial.share:.0%} of the bytes, {checked}{values}"


def _what_came(heard: Heard) -> Iterator[str]:
    for line, size in heard.sizes.items():
        yield f"{size} bytes at {line}"
    if heard.sample:
        yield f"the last: {heard.sample[-16:].hex(' ')}  {heard.sample[-40:]!r}"


def _why(heard: Heard) -> tuple[str, ...]:
    if not heard.sample:
        return SILENCE
    if not any(heard.sample):
        return HELD_LOW
    return LINES if heard.is_text else GARBAGE
