"""Looks into a bill of materials."""

import json

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator


def missing_from(sbom: str, *packages: str) -> list[str]:
    """The packages, by the beginnings of their addresses, that a bill lacks; it must keep to CycloneDX."""
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(sbom) is None
    named = [one.get("purl", "") for one in json.loads(sbom)["components"]]
    return [package for package in packages if not any(one.startswith(package) for one in named)]
