"""`python -m taxi_cli`: what ./taxi runs."""

from taxi_cli.main import main

if __name__ == "__main__":
    main()
