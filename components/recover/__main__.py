"""`python3 -m components.recover STACK`: see `recovery`."""

from .recovery import main

main()
