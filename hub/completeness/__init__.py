"""Completeness: which sequence numbers of a day have a row, which do not, and why."""
