"""What happens: one file per step in the life of a melding, in the order of life."""
