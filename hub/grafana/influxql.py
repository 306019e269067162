"""Texts in InfluxQL, the one query language that InfluxDB 1.x, 2.x and 3.x share.

Dashboard variables are named where Grafana or `queries.all_queries` fills them in: `$timeFilter`, `$__interval`,
`${site:regex}`, `$quality`.
"""

from __future__ import annotations

from collections.abc import Sequence

from telemetry.quality import Quality
from telemetry.quantity import LABELS, Family

EACH_AGENT = ("site", "agent")
EACH_SENSOR = ("site", "agent", "sensor")
"""The tags of every row, to group by."""

SHOWN = "$timeFilter"
"""The time range that the operator chose."""

KNOWN = "time > now() - 7d"
"""How long a silent source stays in the tables of newest values."""

HEARD = "time > now() - 5m"
"""How young the newest row of a source is that counts as reporting."""

LATELY = "time > now() - 3h"
"""How old the last minute of traffic may be to stand in the city's table."""

_JUST_PAST = "time < now() - 1s"
"""Keeps the two readings of the clock in one query from opening an interval that nothing can be in yet."""

_AS_GOOD = (Quality.CALIBRATED, Quality.AVERAGED, Quality.AVERAGED | Quality.CALIBRATED)
GOOD = "(" + " OR ".join(('"quality" <= $quality', *(f'"quality" = {int(quality)}' for quality in _AS_GOOD))) + ")"
"""Good readings, corrected ones and means of either, or all of them on request: see variables.quality."""

OF_AGENT = "\"sensor\" = 'agent'"
OF_LINK = "\"sensor\" = 'link'"
OF_SOURCES = '"sensor" !~ /^(agent|link)$/'
"""Conditions on `health`: the agent's own rows, the hub's rows about its link, and those of its sources."""

OF_AGENTS_SOURCES = "\"sensor\" != 'link'"
"""Leaves out the hub's rows about an agent's link, the only ones that are not numbered."""

NO_MEANS = f'"quality" < {int(Quality.AVERAGED)}'
"""Leaves out means of a minute: dated in that minute, they are numbered when they were made, maybe days later."""

OF_VEHICLES = "\"class\" != 'pedestrian'"
OF_PEDESTRIANS = "\"class\" = 'pedestrian'"
"""Conditions on `traffic`; who could not be classified is counted with the vehicles."""

MEASURED = (Family.AIR, Family.TRAFFIC, Family.NOISE, Family.WEATHER, Family.WATER, Family.POWER)
"""Families whose sensors are expected to say something all the time."""


def chosen(*variables: str) -> tuple[str, ...]:
    """Return the conditions that keep what the dashboard's variables name."""
    return tuple(f'"{name}" =~ /^${{{name}:regex}}$/' for name in variables)


def select(
    what: str, source: Sequence[Family] | Family | str, *, where: Sequence[str], by: Sequence[str] = (), tail: str = ""
) -> str:
    """Return a query; the source is a family, several, or a query of its own, and `tail` ends the text."""
    if isinstance(source, Family):
        source = (source,)
    rows = f"({source})" if isinstance(source, str) else ", ".join(f'"{family}"' for family in source)
    parts = ["SELECT", what, "FROM", rows]
    if where:
        parts += ["WHERE", " AND ".join(where)]
    if by:
        parts += ["GROUP BY", ", ".join(_quoted(by))]
    return " ".join([*parts, tail]).rstrip()


def newest(
    families: Sequence[Family] | Family, fields: Sequence[str], *, where: Sequence[str] = (), by: Sequence[str]
) -> str:
    """Return the newest row of each source that has the first field: its own time, and the named fields."""
    first, *others = fields
    return select(
        ", ".join([f'last("{first}") AS "{first}"', *_quoted(others)]), families, where=(KNOWN, *where), by=by
    )


def over_time(what: str, source: Family | str, *, where: Sequence[str], by: Sequence[str]) -> str:
    """Return a curve for each combination of tags; an interval without rows is a hole."""
    return select(what, source, where=(SHOWN, *where), by=("time($__interval)", *by), tail="fill(null)")


def increase(field: str, family: Family, *, where: Sequence[str], by: Sequence[str]) -> str:
    """Return by how much a counter grew in each interval; a counter that started anew counts as no growth."""
    what = f'non_negative_difference(max("{field}")) AS "{field}"'
    return select(what, family, where=(SHOWN, *where), by=("time($__interval)", *by), tail="fill(none)")


def per_minute(*, where: Sequence[str], by: Sequence[str]) -> str:
    """Return road users a minute: counted over observed time of each line, direction and class, then added up."""
    apart = (*EACH_SENSOR, *LABELS[Family.TRAFFIC])
    rate = over_time(
        'sum("count") / sum("observed") * 60 AS "rate"', Family.TRAFFIC, where=('"observed" > 0', *where), by=apart
    )
    return over_time('sum("rate") AS "rate"', rate, where=(), by=by)


def last_minute(what: str, *, where: Sequence[str], by: Sequence[str]) -> str:
    """Return the newest minute of traffic of each source, summed up over the labels that it is not grouped by."""
    newest_first = "fill(none) ORDER BY time DESC LIMIT 1"
    return select(what, Family.TRAFFIC, where=(LATELY, *where), by=("time(1m)", *by), tail=newest_first)


def presence(
    families: Sequence[Family] | Family, *, where: Sequence[str], by: Sequence[str], field: str = "seq"
) -> str:
    """Return the rows in each five minutes; the last five end now, so that a new interval is not taken for silence."""
    where = (SHOWN, _JUST_PAST, *where)
    return select(f'count("{field}") AS "rows"', families, where=where, by=("time(5m, now())", *by), tail="fill(0)")


def reporting(
    families: Sequence[Family] | Family, since: str, *, where: Sequence[str], by: Sequence[str], field: str = "seq"
) -> str:
    """Return how many sources have a row with a field since a time."""
    newest_rows = select(f'last("{field}") AS "{field}"', families, where=(since, *where), by=by)
    return select(f'count("{field}") AS "sources"', newest_rows, where=())


def offline(*, where: Sequence[str]) -> str:
    """Return how many agents are offline by the hub's last word: 0, not nothing, when none is."""
    words = select('last("online") AS "online"', Family.HEALTH, where=(KNOWN, OF_LINK, *where), by=EACH_AGENT)
    return select('count("online") - sum("online") AS "offline"', words, where=())


def zero(name: str) -> str:
    """Return 0 if the database knows anybody: nothing found is then told from a database that does not answer."""
    return select(f'last("seq") * 0 AS "{name}"', Family.HEALTH, where=(KNOWN,))


def numbers(*, where: Sequence[str], by: Sequence[str]) -> str:
    """Return of each source and family how many rows it has, and the lowest and the highest of their numbers.

    The families of a source share its numbers, so what one family lacks another may have; no statement of InfluxQL adds
    measurements up, which is left to who asks.
    """
    what = 'count("seq") AS "rows", min("seq") AS "lowest", max("seq") AS "highest"'
    return select(what, tuple(Family), where=(SHOWN, OF_AGENTS_SOURCES, NO_MEANS, *where), by=by)


def day_mean(field: str, *, where: Sequence[str], by: Sequence[str]) -> str:
    """Return each sensor's mean of the last 24 hours, of hourly means, where at least 18 of them exist."""
    day = ("time > now() - 24h", *where)
    hourly = select(f'mean("{field}") AS "hour"', Family.AIR, where=day, by=("time(1h)", *by))
    daily = select('mean("hour") AS "day", count("hour") AS "hours"', hourly, where=(), by=by)
    return select(f'"day" AS "{field}"', daily, where=('"hours" >= 18',), by=by)


def tag_values(tag: str, family: Family, *, where: Sequence[str] = ()) -> str:
    """Return the query for the values of a tag."""
    condition = f" WHERE {' AND '.join(where)}" if where else ""
    return f'SHOW TAG VALUES FROM "{family}" WITH KEY = "{tag}"{condition}'


def _quoted(names: Sequence[str]) -> list[str]:
    return [name if name.startswith("time(") else f'"{name}"' for name in names]
