"""What reading costs when there is much: every hot query on a database of bench.vullen, with its plan.

vragen.py names the queries, plannen.py tells what PostgreSQL does for them. tests/store/test_plans.py holds both to it.
"""
