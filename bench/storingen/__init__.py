"""The fault runs: one fault at a time really done to a real installation, while people go on reporting; then a ledger.

`python -m bench.storingen --zaad 7`. Rooms: melders.py lets people report and remembers what they were answered,
scene.py watches the health page and waits until all is well again, faults.py, storage.py and poison.py do the harm,
ledger.py counts. The installation and the outside world are those of bench/chaos.
"""
