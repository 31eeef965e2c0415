"""Which vectors belong to which model, and how they are made anew for another one."""
