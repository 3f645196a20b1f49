"""`python -m toolchain.imports`: holds the contracts of pyproject.toml on who may import whom."""

from importlinter.cli import lint_imports_command

if __name__ == "__main__":
    lint_imports_command(["--no-cache"])
