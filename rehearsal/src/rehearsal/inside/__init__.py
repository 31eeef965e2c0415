"""What runs as the first process of the private namespace and keeps the world."""
