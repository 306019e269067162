"""Why a running Grafana did not take the dashboards, named by what the caller does next.

GrafanaError
    BadAddress           mend the address that was given
    GrafanaUnreachable   mend the address or the network, then try again
    GrafanaRefused       mend the credentials or what they may do
    GrafanaFailed        look into Grafana's log
"""

from __future__ import annotations


class GrafanaError(Exception):
    """Grafana did not do what it was asked."""


class BadAddress(GrafanaError):
    """What was given is no address of a server."""


class GrafanaUnreachable(GrafanaError):
    """Nothing, or something that is no Grafana, answers at the address."""


class GrafanaRefused(GrafanaError):
    """Grafana does not allow it with these credentials, or does not allow it at all."""


class GrafanaFailed(GrafanaError):
    """Grafana answered with an error of its own."""
