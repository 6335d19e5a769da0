"""All SQL. `database` opens the file and owns its threads, `migrations` makes the tables; then one module a family of
tables, whose functions take a connection first and run inside the transaction of whoever called `Database.write`.

In the tables times are integers, milliseconds since 1970 in UTC (`times`).
"""
