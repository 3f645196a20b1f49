# Makes ready what a Dockerfile of the project's own made: a `python` that can import Django, and
# /opt/project, the folder that the project's modules import from.
set -eu
. /tmp/scripts/user.sh
if ! command -v python > /dev/null && command -v python3 > /dev/null; then
  ln -s "$(command -v python3)" /usr/local/bin/python
fi
# As the user that serves: a virtual environment may be below a folder that only root may enter.
if ! as_app python -s -c 'import django' 2> /tmp/why; then
  echo "error: python in the image of the Dockerfile can't import Django: $(tail -n 1 /tmp/why)" >&2
  echo "It has to be installed for the first python on PATH, where every user may read it:" >&2
  echo "not below /root, and not with pip --user." >&2
  exit 1
fi
rm -f /tmp/why
module="$(printf %s "$SETTINGS_MODULE" | tr . /)"
# Where they are installed as a package, any folder will do.
found="$PWD"
for folder in "$PWD/$PYTHON_PATH" "$PWD" "$PWD/src"; do
  for file in "$folder/$module.py" "$folder/$module/__init__.py"; do
    if [ -f "$file" ]; then
      if ! as_app cat "$file" > /dev/null; then
        echo "error: the user that serves, uid 10001, may not read the source in the image of the" >&2
        echo "Dockerfile: let COPY and chmod leave it readable for every user." >&2
        exit 1
      fi
      found="$folder"
      break 2
    fi
  done
done
ln -sfn "$found" /opt/project
# The root of the project, where its modules are in a folder of it.
case "/$PYTHON_PATH" in /|/.) root="$found" ;; *) root="${found%/"$PYTHON_PATH"}" ;; esac
ln -sfn "$root" /opt/root
