"""Runs at the site: sources to spool to uplink."""
