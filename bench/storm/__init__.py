"""A storm over one gemeente: 30,000 meldingen in ten minutes, while two other gemeenten and the teams go on.

`python -m bench.storm --meldingen 30000 --minuten 10 --zaad 7`; with `--dubbel` on two websites, two relays, two clocks
and four workers. Rooms: plan.py says who reports what and when, senders.py lets them do it at their time whatever the
answers are, teams.py closes meanwhile, yardstick.py measures what this machine can do, ledger.py counts what became of
everything. The installation and the outside world are those of bench/chaos; tests/workers/test_alles_dubbel.py plays a
short one.
"""
