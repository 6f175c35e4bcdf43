"""Who we talk to: per file a Protocol, the real one and a twin for one machine."""
