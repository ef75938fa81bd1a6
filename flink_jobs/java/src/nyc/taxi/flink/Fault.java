package nyc.taxi.flink;

/** Why a record is no trip: a class that programs can go by, and what a person wants to know besides. */
record Fault(String errorClass, String detail) {}
