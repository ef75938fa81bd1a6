"""`python -m stack`: what ./taxi runs."""

from stack.cli import main

if __name__ == "__main__":
    main()
