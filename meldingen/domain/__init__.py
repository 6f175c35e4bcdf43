"""What is true: the rules of the product in plain Python, without session, clock or I/O."""
