"""`python -m training.soundstorm`: see `train.py`."""

from training.soundstorm.train import main

if __name__ == "__main__":
    main()
