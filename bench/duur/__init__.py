"""The soak: an hour of all kinds of traffic at 50 a second, to see that nothing grows that should stay flat.

`python -m bench.duur --minuten 60 --tempo 50`. Rooms: traffic.py sends, health.py looks every half minute at memory,
connections, bloat and the outbox and says `vlak` or `groeit`. The installation is that of bench/chaos.
"""
