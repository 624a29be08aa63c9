"""`python -m training.codec`: see `train.py`."""

from training.codec.train import main

if __name__ == "__main__":
    main()
