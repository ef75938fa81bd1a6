"""`python -m taxi_cli`: the program behind ./taxi."""

from taxi_cli.main import main

if __name__ == "__main__":
    main()
