"""`python3 -m components.recover STACK`: see `story`."""

from .story import main

main()
