"""Which years a day of a clinic's money can have: older and later ones are typing errors.

The default of the rules ``earliest_money_year`` and ``latest_money_year``, the days that a window
of business dates can ask for, and the variable ``anos_do_dinheiro`` of dbt_mapping, which a test
holds to it.
"""

from __future__ import annotations

from typing import Final

FIRST_MONEY_YEAR: Final = 1970
LAST_MONEY_YEAR: Final = 2050
