"""JSON doors: parse, authorise, call one flow function, answer."""
