"""Personal data in the warehouse: found, exported, erased and kept erased."""
