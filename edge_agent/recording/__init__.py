"""Raw bytes of a serial sensor with their times, in a file: to be looked at, replayed, and kept as a test."""
