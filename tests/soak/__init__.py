"""Weeks of running in hours: readings at a hundred times the pace of the street, and what must not grow."""
