"""`python -m django_on_docker init [PATH]`, as a module of its own."""

from .command import main

main()
