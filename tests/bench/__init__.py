"""Speed, measured in one run and never in a test: `make bench` prints figure, unit and what it is compared with."""
