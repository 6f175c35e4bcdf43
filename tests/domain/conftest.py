"""How property tests run here: the same examples every time, no deadline, nothing on disk."""

from hypothesis import settings

settings.register_profile("domain", derandomize=True, deadline=None, database=None, max_examples=60)
settings.load_profile("domain")
