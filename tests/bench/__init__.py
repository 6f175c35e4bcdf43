"""The measuring sticks themselves: a ledger that never finds anything proves nothing."""
