"""Who else there is: tests of owners and modes."""

from __future__ import annotations

import os
import sys

import pytest

OTHER = 65_534
"""A user's number that is not ours: nobody's."""

posix = pytest.mark.skipif(os.name != "posix", reason="owners, modes, links and pipes are POSIX's")
as_root = pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() != 0, reason="only root can give a file to another user"
)
