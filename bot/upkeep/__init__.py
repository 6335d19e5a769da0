"""What an operator does by hand, one module a command of `bot.cli`; each command gives its exit status.

check      look up the accounts of config/
poll       look at the sources once
status     how all fares
search     everything that was said, asked with a query
take_in    posts of files into the store
backfill   the past of a source, as far as its platform shows it
export     all of the store as lines
backup     copies of the database, and the way back from one
login      the session of an account that reads channels
terminal   how all of them speak to whoever sits there
"""
