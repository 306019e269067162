"""Where readings begin: serial ports, cameras, and the agent's own health."""
