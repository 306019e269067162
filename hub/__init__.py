"""Runs in the command centre: inlet to check to store to acknowledgement."""
