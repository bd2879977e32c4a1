{{ canonica('repasses') }}
