"""What every test may ask for."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real problems for development; skips where they are not beside the checkout."""
    path = Path(os.environ.get("EUREKA_SHARED_DATA", ROOT.parent / "shared" / "data"))
    if not path.is_dir():
        pytest.skip(f"no real data at {path}; set EUREKA_SHARED_DATA to use some")
    return path
