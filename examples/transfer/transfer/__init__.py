"""Move tasks into the service and out of it, by nothing but its public API."""
