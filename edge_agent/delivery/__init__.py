"""From reading to acknowledgement: spool, window, uplink."""
