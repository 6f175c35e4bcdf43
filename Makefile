# The two commands are `make run` and `make test`; everything behind them is standard-library Python in meldingen/local.
.PHONY: run test test-lang lint stop demo-reset db vendor lock

run test lint stop demo-reset db vendor lock:
	@python3 -m meldingen.local $@

test-lang:
	@python3 -m meldingen.local test --lang
