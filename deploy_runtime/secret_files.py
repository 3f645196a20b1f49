"""Secret files of the project, where its image is built: `python -m deploy_runtime.secret_files`.

The first argument is a JSON object of paths and contents, the second the folder that they are
written to, which is one in memory: nothing of them is in the image.
"""

import json
import os
import sys
from pathlib import Path

from .places import USER


def write(source: Path, folder: Path) -> None:
    """Write each file below the folder, readable by the user that serves alone."""
    for name, text in json.loads(source.read_text(encoding="utf-8")).items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_text(text, encoding="utf-8")
        if os.geteuid() == 0:
            os.chown(file, USER, USER)
        file.chmod(0o400)


if __name__ == "__main__":
    write(Path(sys.argv[1]), Path(sys.argv[2]))
