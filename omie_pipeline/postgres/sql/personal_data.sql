-- What an erasure leaves of a JSON value.

-- A JSON value without the fields that tell of a person, at any depth. Contacts, addresses, bank
-- data and free text always go; name and document go where identidade is true.
CREATE OR REPLACE FUNCTION omie.sem_dados_pessoais(valor jsonb, identidade boolean) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog AS $$
BEGIN
    IF jsonb_typeof(valor) = 'object' THEN
        RETURN (
            SELECT coalesce(jsonb_object_agg(key, omie.sem_dados_pessoais(value, identidade)), '{}')
            FROM jsonb_each(valor)
            WHERE key !~* ('^c?obs|observac|motivo|e_?mail|telefone|^fax|^cep$|endereco|logradouro'
                || '|bairro|complemento|homepage|contato|caracter[ií]stica|dados_?bancarios'
                || '|recomenda|_transferencia$|chave_?pix|pix_qrcode|cmc7|inscricao|^rg$|_rg$'
                || '|titular$|^nif$|documento_exterior|^ent(RazaoSocial|CnpjCpf|Numero|CEP|IE)$')
              AND NOT (identidade AND key ~* ('cpf|cnpj(?!emissor)|raz[aã]o|^cRaz|nome'
                || '|^cDesCliente$|^cDocCliente$|destinatario$|^cDescricao$'))
        );
    ELSIF jsonb_typeof(valor) = 'array' THEN
        RETURN (
            SELECT coalesce(
                jsonb_agg(omie.sem_dados_pessoais(item, identidade) ORDER BY posicao), '[]'
            )
            FROM jsonb_array_elements(valor) WITH ORDINALITY AS itens (item, posicao)
        );
    END IF;
    RETURN valor;
END
$$;
REVOKE EXECUTE ON FUNCTION omie.sem_dados_pessoais(jsonb, boolean) FROM PUBLIC;
COMMENT ON FUNCTION omie.sem_dados_pessoais(jsonb, boolean) IS
    'JSON sem contato, endereço e texto livre; com identidade, também sem nome e documento';

CREATE OR REPLACE FUNCTION omie.so_campos(valor jsonb, campos text[]) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (
    SELECT coalesce(jsonb_object_agg(key, value), '{}')
    FROM jsonb_each(valor) WHERE key = ANY (campos)
);
REVOKE EXECUTE ON FUNCTION omie.so_campos(jsonb, text[]) FROM PUBLIC;
COMMENT ON FUNCTION omie.so_campos(jsonb, text[]) IS 'JSON só com estes campos do primeiro nível';
