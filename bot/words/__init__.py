"""Language, pure: what a text says, to whom it is due, who said it. No database, no network, no clock."""
