"""The running bot between a Telegram that fails in every way it can and a hand that kills it: `make chaos`."""
