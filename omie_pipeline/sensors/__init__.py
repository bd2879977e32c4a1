"""What starts runs by itself: the schedule, the step from registers to facts, the resumption."""
