{{ canonica('formas_pagamento') }}
