"""Makes the store that the settings name, importing only what that store needs."""

from __future__ import annotations

from hub.config import AnyStore, EmbeddedStore, Influx1Store, VictoriaStore
from hub.stores.store import Store


def made(settings: AnyStore) -> Store:
    """Return the store, not opened yet; raises UnusableSecret."""
    if isinstance(settings, EmbeddedStore):
        from hub.stores.embedded import Embedded  # noqa: PLC0415  DuckDB is heavy and needed only here

        return Embedded(settings.path)
    if isinstance(settings, Influx1Store):
        from hub.stores.influx1 import Influx1  # noqa: PLC0415  likewise

        return Influx1(settings.url, settings.database, username=settings.username, password=settings.password())
    from hub.stores.influx2 import Influx2  # noqa: PLC0415  likewise

    durable_after = settings.durable_after if isinstance(settings, VictoriaStore) else 0.0
    return Influx2(settings.url, settings.org, settings.bucket, settings.token(), durable_after=durable_after)
