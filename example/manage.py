#!/usr/bin/env python
"""Django's command line, with the defaults of a developer's machine.

A deployment sets DEBUG itself and serves through `lanterna.wsgi`, where the default is off.
"""

import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lanterna.settings")
    os.environ.setdefault("DEBUG", "true")
    execute_from_command_line(sys.argv)
