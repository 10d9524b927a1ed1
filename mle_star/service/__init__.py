"""What every service shares: its app, its errors, its health, its log and metrics, and its long-running work."""
