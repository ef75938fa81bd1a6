"""Average trip cost by taxi type and pickup zone over sliding 15-minute windows."""
