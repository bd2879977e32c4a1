"""What the warehouse and a clinic's database share: names, addresses, causes of failure."""
