"""`./taxi env`."""

import shlex
import sys
from collections.abc import Mapping

from stack.endpoints import Endpoints
from stack.services import s3


def env() -> None:
    """Print the endpoints as `export` lines: eval "$(./taxi env)"."""
    print_exports(Endpoints.of_running_stack())


def print_exports(endpoints: Endpoints) -> None:
    """Print lines for a shell to evaluate."""
    exported = {
        **endpoints.as_environment(),
        **_exports_of_extras(endpoints.extras),
        **endpoints.metrics.as_environment(),
    }
    for name, value in exported.items():
        sys.stdout.write(f"export {name}={shlex.quote(value)}\n")


def _exports_of_extras(extras: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of the optional services of this stack."""
    endpoint = extras.get("S3_ENDPOINT_URL")
    return {**extras, **(s3.variables(endpoint) if endpoint else {})}
