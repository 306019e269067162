"""What devices have in common: framing, checks, protocols, units, options. No device is in here."""
