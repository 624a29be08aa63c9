"""`python -m training.text_to_semantic`: see `train.py`."""

from training.text_to_semantic.train import main

if __name__ == "__main__":
    main()
