# Links /opt/project to the folder that the project's modules import from, in an image that a
# Dockerfile of the project's own made.
set -eu
module="$(printf %s "$SETTINGS_MODULE" | tr . /)"
# Where they are installed as a package, any folder will do.
found="$PWD"
for folder in "$PWD/$PYTHON_PATH" "$PWD" "$PWD/src"; do
  if [ -f "$folder/$module.py" ] || [ -f "$folder/$module/__init__.py" ]; then
    found="$folder"
    break
  fi
done
mkdir -p /opt
ln -sfn "$found" /opt/project
