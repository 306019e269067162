"""Sensors as they speak on the wire, without I/O: what they send by themselves and what they answer."""
