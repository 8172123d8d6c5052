"""What `nox -s bench` measures: speed, memory, start-up, and how much of the limits is used."""
