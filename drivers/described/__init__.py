"""Devices that a TOML file describes instead of a module: Modbus register maps, and lines of text."""
