"""The rules for assigning a point to a taxi zone: months before 2016-07 have coordinates only."""

UNKNOWN_ZONE_ID = 264
"""No position: a coordinate is missing, or both are 0."""

OUTSIDE_ZONE_ID = 265
"""In no zone: outside of New York City, or in the water."""

ID_PROPERTIES = ("LocationID", "locationid", "location_id", "LOCATIONID", "OBJECTID", "objectid")
"""Names of the zone number in shape files, the most reliable first."""
