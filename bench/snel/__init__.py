"""How fast: the rows of the table "Hoe snel" of README, each with its own baselines from the same run.

`python -m bench.snel` measures; nothing here judges by time alone: it ends with 1 only when a ledger is wrong.
"""
