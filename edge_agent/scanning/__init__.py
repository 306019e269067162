"""Names the sensor on a serial port by what it says, with the evidence and the doubt."""
