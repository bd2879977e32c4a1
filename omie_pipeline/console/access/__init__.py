"""Who may enter the console, and what each person may see and do there."""
