"""The tests: see README, 'Testen'."""
