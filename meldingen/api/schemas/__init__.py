"""The shapes of the API: Dutch names outside ↔ code names inside (`data_key`), one place of translation.

base.py: what all share. public.py: what anyone reads. melding.py: the melder's. opdracht.py: the teams'.
staff.py: the rest.
"""
