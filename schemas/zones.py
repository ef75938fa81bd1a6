"""What is the same wherever a point is put into a taxi zone: the months before 2016-07 have no zones."""

UNKNOWN_ZONE_ID = 264
"""No fix: a coordinate is missing, or both are 0."""

OUTSIDE_ZONE_ID = 265
"""In no zone: outside of New York City, or in the water."""

ID_PROPERTIES = ("LocationID", "locationid", "location_id", "LOCATIONID", "OBJECTID", "objectid")
"""What the number of a zone is called in files of shapes, the surest first."""
