"""Start the web page: `python app.py`, or `make app` with everything installed first."""

import sys

from app.environment import prepare_environment

prepare_environment()  # before torch is imported

from app.server import serve  # noqa: E402

if __name__ == "__main__":
    sys.exit(serve())
