"""`python -m netra_analysis.cli` is `netra-analysis`."""

from netra_analysis.cli import main

if __name__ == "__main__":
    main()
