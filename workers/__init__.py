"""What is done after the answer: relay (outbox → queue), jobs (queue → flow), clock (periodic work), one parent."""
