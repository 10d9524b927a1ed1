"""What several slots do alike."""
