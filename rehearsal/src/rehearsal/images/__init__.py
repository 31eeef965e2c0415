"""The images that the rehearsal makes itself, where no public registry can be reached."""
