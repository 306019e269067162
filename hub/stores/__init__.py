"""The stores behind one interface, one file each."""
