"""Grafana dashboards as typed code, derived from the catalogue; written as files or sent to a running Grafana.

They are for Grafana 9.5 or newer, the first that colours cells as they ask. See provisioning.OLDEST_GRAFANA.
"""
