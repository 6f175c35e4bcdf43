"""Forward in time: the relay, the RQ jobs and the clock."""
