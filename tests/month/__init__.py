"""A month of forty sources, and everything that goes wrong in one, at hundreds of times the speed.

The far ends are servers on this computer, spoken to over real HTTP. Parley is a child process with the real fetchers,
collector, sweep and store; only its clock is told to it, and it is killed and begun anew like any process. What is true
at the far ends is written down here as it happens, and in the end the store is held against it.

    process     the child
    child       the same as its parent has it
    roster      the forty sources
    accounts    what each says, changes and takes down, as it is true
    incidents   what goes wrong, and when
    simulation  time, and what happens in it
    witness     what was to be seen at each moment
    judge       whether the store says so

    python -m tests.month [days] [--seed N]
"""
