"""`python -m benchmarks.quality`: see `exam.py`."""

from benchmarks.quality.exam import main

if __name__ == "__main__":
    main()
