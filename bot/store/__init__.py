"""All SQL. `database` opens the file and owns its threads, `migrations` makes the tables; then one module a family of
tables, whose functions take a connection first and run inside the transaction of whoever called `Database.write`.

In the tables times are integers, milliseconds since 1970 in UTC (`times`).
"""

import sys

# sqlite-utils takes NumPy along wherever it is installed (charts need it): 17 MB for types that no table of ours has.
_there = {name: sys.modules[name] for name in ("numpy",) if name in sys.modules}
sys.modules["numpy"] = None  # type: ignore[assignment]
import sqlite_utils  # noqa: E402, F401

del sys.modules["numpy"]
sys.modules.update(_there)
