"""How the same way from sensor to database is usually made today, to be measured under the same faults.

The scripts follow their libraries' documentation. They are here to be compared with, and nothing imports them.
"""
