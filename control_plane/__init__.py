"""The operation of the platform: jobs, months, Spark runs, the sink, its accounts and metrics."""
