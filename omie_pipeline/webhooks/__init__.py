"""The door Omie knocks at: stores its events and answers at once; what they mean comes later."""
