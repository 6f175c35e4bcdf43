"""Meldingen openbare ruimte: from melding to gereedmelding. Import-free, so the bootstrap can load it bare."""
