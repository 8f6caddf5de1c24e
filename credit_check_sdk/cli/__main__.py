"""Run the command as ``python -m credit_check_sdk.cli``."""

from credit_check_sdk.cli import main

if __name__ == "__main__":
    main()
