"""One file per serial device: bytes in, measurements out, no I/O."""
