"""`python -m django_on_docker COMMAND`: what an installed program offers, `init` first of all."""

import runpy

from .own_commands import INSTALLED, PROGRAM

runpy.run_module(f"{PROGRAM}.toolchain" if INSTALLED else "toolchain", run_name="__main__")
