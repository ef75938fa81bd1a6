package nyc.taxi.flink;

/** Why a record is not a trip: a class for programs, and the details for a person. */
record Fault(String errorClass, String detail) {}
