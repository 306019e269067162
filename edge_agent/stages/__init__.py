"""What happens to a reading between its source and the spool: it is judged, and corrected where that was measured."""
