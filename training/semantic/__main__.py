"""`python -m training.semantic`: see `train.py`."""

from training.semantic.train import main

if __name__ == "__main__":
    main()
