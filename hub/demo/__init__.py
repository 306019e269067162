"""A whole city on one machine: embedded broker and store, the hub, a simulated street, and one agent as a process."""
