"""The deployment that the analysis describes, made to run, and measured beside this program's."""
