"""A year of a large instance in virtual time, for docs/scale.md: `make scale`."""
