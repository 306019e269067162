"""A city made of numbers: a street rendered with known truth, sensors speaking on pseudo-terminals."""
