"""Grafana dashboards as typed code, derived from the catalogue; written as files or sent to a running Grafana."""
