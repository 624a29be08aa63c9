"""`python -m training.corpus`: see `build.py`."""

import sys

from training.corpus.build import main

if __name__ == "__main__":
    main(sys.argv[1:])
