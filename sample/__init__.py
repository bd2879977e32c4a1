"""The demo's clinic (CSV files) and the generator of clinics of any size; no part of the wheel."""
