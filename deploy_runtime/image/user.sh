# Sourced by the other scripts: runs a command as the user that serves, who is no user of the image
# yet. Python does it, since not every image has a tool for it.
as_app() {
  python -c 'import os, sys
os.setgroups([]), os.setgid(10001), os.setuid(10001)
os.execvp(sys.argv[1], sys.argv[1:])' "$@"
}
