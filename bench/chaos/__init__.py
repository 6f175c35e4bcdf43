"""The chaos run: thousands of closings while everything falls over, and a ledger that counts who heard the end.

`python -m bench.chaos --closings 10000 --seed 7`. Rooms: ground.py starts a private installation, providers.py plays
the outside, plan.py says who the melders are, people.py lets them and the teams use the doors, disasters.py breaks
things, ledger.py compares what the providers saw with what the people were answered. Not a test of CI.
"""
