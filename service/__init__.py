"""What every long-running Simpang process stands on: strict settings, log, systemd notification, back-off."""
