"""The spool against its disk: kills, power cuts, rot, refusals, and broken spools that must be caught."""
