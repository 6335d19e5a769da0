"""What an operator does by hand, one module a command of `bot.cli`; each command gives its exit status.

check      look up the accounts of config/
poll       look at the sources once
status     how all fares
take_in    posts of files into the store
export     and out of it
backup     copies of the database, and the way back from one
terminal   how all of them speak to whoever sits there
"""
