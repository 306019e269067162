"""Faults against real processes and servers, judged by an oracle that stands outside them."""
