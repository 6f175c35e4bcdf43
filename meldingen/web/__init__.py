"""Page doors: the same flow calls in other clothes."""
