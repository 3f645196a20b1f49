"""`python3 -m toolchain COMMAND`: what the Makefile calls, and what an installed program offers."""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - this block is what tells the others
    _in_checkout = (
        "make up PYTHON=/path/to/python3.11, and PYTHON=/path/to/python3.11 source ./activate"
    )
    _installed = "/path/to/python3.11 -m pip install django-on-docker, and the same with that one"
    sys.exit(
        f"error: this needs Python 3.11 or newer; {sys.executable} is {sys.version.split()[0]}\n"
        "  Install one (apt-get install python3 on Debian 12 or newer), or name it:\n"
        f"  {_in_checkout if __package__ == 'toolchain' else _installed}"
    )

from .cli import main

sys.exit(main())
