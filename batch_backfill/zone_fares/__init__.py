"""Average trip cost by pickup zone over 15 minutes: the twin of flink_jobs/zone_fares."""
