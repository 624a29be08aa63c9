"""`python -m benchmarks.load`: see `visitors.py`."""

from benchmarks.load.visitors import main

if __name__ == "__main__":
    main()
