"""What `command.local.Command` resources run on the machine that runs Pulumi.

Plain Python, standard library only, and the docker client: these run outside the program's own
environment. Each is a module: ``python3 -m components.commands.<name>``, with its arguments in
environment variables, so that the command's text is the same for every release.
"""
