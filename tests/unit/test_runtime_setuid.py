"""The bits by which programs run as another user, taken from an image's files."""

import stat
from pathlib import Path

from deploy_runtime import setuid


def test_files_lose_them_and_keep_all_else(tmp_path: Path) -> None:
    su, wall, plain = (tmp_path / name for name in ("su", "wall", "plain"))
    for file, mode in ((su, 0o4755), (wall, 0o2711), (plain, 0o640)):
        file.touch()
        file.chmod(mode)
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o2775)
    (tmp_path / "link").symlink_to(su)
    assert sorted(setuid.take(tmp_path)) == [su, wall]
    modes = [stat.S_IMODE(file.stat().st_mode) for file in (su, wall, plain, shared)]
    assert modes == [0o755, 0o711, 0o640, 0o2775]
    assert setuid.take(tmp_path) == []
