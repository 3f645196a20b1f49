"""How a bare machine gets what `pulumi up` needs: engine, Python environment, Docker, base image.

Standard library only: this package runs before anything is installed.
"""
