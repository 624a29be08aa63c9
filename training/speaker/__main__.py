"""`python -m training.speaker`: see `train.py`."""

import sys

from training.speaker.train import main

if __name__ == "__main__":
    main(sys.argv[1:])
