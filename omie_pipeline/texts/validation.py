"""Every Portuguese text of the validation, as data: what is wrong and what to do about it.

``{campo}`` is the field in human words (``label``), ``{maximo}`` its length, ``{valores}`` its
closed list, ``{padrao}`` its mask, ``{primeiro}`` and ``{ultimo}`` the first and last year. These
texts go to lists, logs and pages that many people see, so none of ``RULES`` has a place for the
bad value, but for the day of an improbable date. ``UNREADABLE`` quotes what the source has where a
number, a day or a yes belongs, since it is hard to find otherwise; code that writes such a reason
anywhere but into the list of quarantine masks it.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class RuleText(NamedTuple):
    """What is wrong and what to do."""

    reason: str
    fix: str


OPENINGS: Final[dict[str, str]] = {
    "critical": "Recusa se",
    "hold": "Aguarda se",
    "warning": "Avisa se",
}
"""By severity, what begins a rule's line in Data Docs."""
RULE_OF_FIELDS: Final = "{opening}: {reason} Campos: {fields}."
"""A rule's line in Data Docs where it looks at several fields."""
FAILING_FIELDS: Final = ("campo", "motivo", "linhas")
"""Over the table of the fields that break one rule, in Data Docs."""
VALUES_REFUSED: Final = "{recusados} de {olhados} valores"
"""In Data Docs, beside a rule."""

_DOCUMENT_FIX: Final = "Confira o {tipo} no documento da pessoa ou empresa e corrija no cadastro."
_MAPPING_FIX: Final = "Avise quem cuida da integração: o modelo dbt deve entregar {forma}."
RULES: Final[dict[str, RuleText]] = {
    # Filled in
    "obrigatorio": RuleText(
        "{campo}: falta preencher, e é obrigatório.", "Preencha o campo {campo} na origem."
    ),
    "origem_vazia": RuleText(
        "{campo}: falta preencher na clínica.", "Preencha na origem: {campo}."
    ),
    "origem_desconhecida": RuleText(
        "{campo}: não existe na clínica.",
        "Corrija na origem, ou faça o cadastro que falta: {campo}.",
    ),
    "origem_repetida": RuleText(
        "{campo}: há mais de um cadastro com este id, e eles são diferentes.",
        "Deixe um só na origem, ou dê outro id ao que sobra: {campo}.",
    ),
    "um_dos": RuleText(
        "{campo}: falta preencher um dos dois.", "Preencha pelo menos um deles na origem."
    ),
    "um_bloco": RuleText(
        "{campo}: é preciso informar exatamente uma das formas.",
        "Informe só uma das formas do campo {campo}.",
    ),
    "chave_ausente": RuleText(
        "Código de integração não foi preenchido: sem ele o Omie não reconhece o registro.",
        "Preencha o identificador do registro no sistema da clínica.",
    ),
    "chave_repetida": RuleText(
        "Código de integração repetido: há mais de um registro com o mesmo código.",
        "Deixe só um registro com este código, ou dê outro código ao repetido.",
    ),
    # Type
    "formato": RuleText(
        "{campo}: o tipo do valor não serve.", "Confira o campo {campo} na origem."
    ),
    "tipo_texto": RuleText(
        "{campo}: deveria ser um texto.", _MAPPING_FIX.format(forma="o campo {campo} como texto")
    ),
    "tipo_inteiro": RuleText(
        "{campo}: deveria ser um número inteiro.",
        _MAPPING_FIX.format(forma="o campo {campo} como número inteiro"),
    ),
    "tipo_decimal": RuleText(
        "{campo}: deveria ser um número.", _MAPPING_FIX.format(forma="o campo {campo} como número")
    ),
    "tipo_estrutura": RuleText(
        "{campo}: a estrutura não é a que o Omie espera.",
        _MAPPING_FIX.format(forma="o campo {campo} na estrutura do catálogo"),
    ),
    "nao_numero": RuleText(
        "{campo}: o valor não é um número (NaN ou infinito).",
        "Corrija o campo {campo} na origem; costuma vir de uma conta com dado que falta.",
    ),
    "casas_decimais": RuleText(
        "{campo}: tem mais de duas casas decimais.",
        "Informe o campo {campo} em reais e centavos, com duas casas.",
    ),
    "valor_grande": RuleText(
        "{campo}: passa de treze algarismos antes da vírgula.",
        "Corrija o campo {campo} na origem: um valor assim não é dinheiro de uma clínica.",
    ),
    "data_invalida": RuleText(
        "{campo}: não é uma data que exista.", "Corrija a data no cadastro (dia, mês e ano)."
    ),
    "data_ano": RuleText(
        "{campo}: {dia} é uma data improvável; o ano aceito vai de {primeiro} a {ultimo}.",
        "Confira o ano da data; costuma ser erro de digitação.",
    ),
    "hora_invalida": RuleText("{campo}: não é uma hora válida.", "Corrija a hora (hh:mm:ss)."),
    "booleano": RuleText(
        "{campo}: veio como verdadeiro ou falso; o Omie só aceita S ou N.",
        _MAPPING_FIX.format(forma="S ou N"),
    ),
    # Reading
    "ilegivel": RuleText(
        "A coluna {coluna} da origem: o valor '{valor}' não pôde ser lido.",
        "Corrija o valor na coluna {coluna} da origem.",
    ),
    # Content
    "tamanho": RuleText(
        "{campo}: tem mais de {maximo} caracteres, o máximo que o Omie aceita.",
        "Abrevie o campo {campo} para no máximo {maximo} caracteres.",
    ),
    "caracteres": RuleText(
        "{campo}: tem caractere que o Omie não aceita.",
        "Digite o campo {campo} de novo, sem copiar e colar.",
    ),
    "caractere_controle": RuleText(
        "{campo}: tem um caractere invisível (quebra de linha, tabulação ou controle).",
        "Apague o campo {campo} e digite de novo, sem copiar e colar.",
    ),
    "emoji": RuleText(
        "{campo}: tem emoji ou símbolo que o Omie não aceita.",
        "Tire o emoji ou símbolo do campo {campo}.",
    ),
    "caractere_ilegivel": RuleText(
        "{campo}: tem um caractere que se perdeu numa conversão (aparece como � ou quadrado).",
        "Digite o campo {campo} de novo no cadastro.",
    ),
    "texto_nan": RuleText(
        "{campo}: contém o texto NaN, sinal de dado perdido numa conversão.",
        "Preencha o campo {campo} com o dado certo, ou deixe em branco.",
    ),
    "valor_sn": RuleText("{campo}: só pode ser S ou N.", "Troque o valor por S (sim) ou N (não)."),
    "valor_fechado": RuleText(
        "{campo}: não é um dos valores que o Omie aceita ({valores}).",
        "Escolha um destes valores: {valores}.",
    ),
    "padrao": RuleText(
        "{campo}: não está no formato {padrao}.", "Escreva o campo {campo} no formato {padrao}."
    ),
    "tipo_documento_inexistente": RuleText(
        "{campo}: não existe na lista do Omie.",
        "Escolha um código da lista, por exemplo DIN, PIX, CRC, CRD, BOL ou TRA.",
    ),
    "acentos_trocados": RuleText(
        "{campo}: texto com acentos trocados.",
        "Escreva de novo o texto do campo {campo} na origem, com os acentos certos.",
    ),
    # What may be sent at all
    "somente_leitura": RuleText(
        "{campo}: é calculado pelo Omie e não pode ser enviado.",
        "Avise quem cuida da integração: tire este campo do modelo dbt.",
    ),
    "campo_desconhecido": RuleText(
        "{campo}: o Omie não tem este campo.",
        "Avise quem cuida da integração: o modelo dbt tem um campo a mais ou com nome errado.",
    ),
    "estrutura": RuleText(
        "{campo}: algum dado de dentro não é aceito.", "Confira o campo {campo} no cadastro."
    ),
    "soma_percentual": RuleText(
        "{campo}: os percentuais não somam 100 %.", "Ajuste os percentuais até somarem 100 %."
    ),
    # CPF and CNPJ
    "documento": RuleText("CPF ou CNPJ inválido.", _DOCUMENT_FIX.format(tipo="CPF ou CNPJ")),
    "documento_ausente": RuleText(
        "CPF ou CNPJ não foi preenchido.",
        "Peça o CPF (ou CNPJ, se for empresa) e preencha no cadastro.",
    ),
    "cpf_digitos": RuleText(
        "CPF inválido: os dígitos verificadores não conferem.", _DOCUMENT_FIX.format(tipo="CPF")
    ),
    "cnpj_digitos": RuleText(
        "CNPJ inválido: os dígitos verificadores não conferem.", _DOCUMENT_FIX.format(tipo="CNPJ")
    ),
    "documento_tamanho": RuleText(
        "CPF ou CNPJ inválido: um CPF tem 11 dígitos e um CNPJ tem 14 caracteres.",
        "Complete o número, com os zeros do começo, como está no documento.",
    ),
    "documento_sem_zero": RuleText(
        "CPF ou CNPJ inválido: faltam números, e com zeros no começo os dígitos conferem.",
        "Confira no documento se o número começa com zero, e escreva o número inteiro.",
    ),
    "documento_repetido": RuleText(
        "CPF ou CNPJ inválido: é o mesmo algarismo repetido.",
        "Troque o número de enfeite pelo do documento.",
    ),
    "documento_caracteres": RuleText(
        "CPF ou CNPJ inválido: tem letra ou sinal onde não pode.",
        "Digite só os números do CPF; no CNPJ, números e, se houver, letras.",
    ),
    # RG
    "rg_ausente": RuleText(
        "RG do paciente não foi preenchido.", "Peça o RG ao paciente e preencha no cadastro."
    ),
    "rg_invalido": RuleText(
        "RG do paciente não tem nenhum número.", "Copie o número do RG do documento do paciente."
    ),
    "rg_orgao_ausente": RuleText(
        "Órgão emissor do RG não foi preenchido.",
        "Veja no RG do paciente quem o emitiu (por exemplo SSP/SP) e preencha no cadastro.",
    ),
    "rg_orgao_invalido": RuleText(
        "Órgão emissor do RG não é uma sigla.",
        "Escreva a sigla e a UF que estão no RG, por exemplo SSP/SP.",
    ),
    # Address
    "endereco_incompleto": RuleText(
        "Endereço incompleto: falta {campo}.", "Complete o campo {campo} no cadastro."
    ),
    "uf_inexistente": RuleText(
        "UF inválida: não é a sigla de um estado brasileiro.",
        "Escreva a sigla do estado com duas letras maiúsculas, por exemplo SP.",
    ),
    "cidade_fora_da_uf": RuleText(
        "Cidade não existe nesta UF.",
        "Confira o nome da cidade e a UF; escreva a cidade por extenso, sem abreviar.",
    ),
    "cep_formato": RuleText(
        "CEP inválido: deve ter oito números.", "Complete o CEP, por exemplo 01310-100."
    ),
    "cep_fora_da_uf": RuleText(
        "CEP não é da UF do endereço.",
        "Confira o CEP e a UF no comprovante de endereço e corrija o que estiver errado.",
    ),
    "cep_fora_da_cidade": RuleText(
        "CEP não está na faixa conhecida da cidade.",
        "Vale conferir o CEP e a cidade; o registro segue assim mesmo.",
    ),
    # Títulos
    "valor_positivo": RuleText(
        "{campo}: deve ser maior que zero.",
        "Corrija o valor do lançamento, ou cancele-o se não há o que cobrar.",
    ),
    "categoria_ausente": RuleText(
        "Categoria não foi preenchida.",
        "Preencha a categoria na origem, ou defina a padrão: omie-pipeline defaults set EMPRESA "
        "receipt_category=CÓDIGO (expense_category nas despesas; todos os nomes: omie-pipeline "
        "defaults list; códigos: omie-pipeline refs).",
    ),
    "unmapped_category": RuleText(
        "Categoria não mapeada.",
        "Diga que categoria do Omie é: omie-pipeline mapping set (o que falta: omie-pipeline "
        "mapping list --unmapped).",
    ),
    "categoria_inexistente": RuleText(
        "Categoria não existe no Omie.",
        "Escolha uma categoria do plano do Omie, ou crie-a lá antes de enviar. Se ela vem de um "
        "mapeamento, troque-o: omie-pipeline mapping list mostra qual.",
    ),
    "categoria_inativa": RuleText(
        "Categoria inativa no Omie, ou é só um grupo de totais.",
        "Escolha uma categoria ativa, ou reative-a no Omie. Se ela vem de um mapeamento, troque-o: "
        "omie-pipeline mapping list mostra qual.",
    ),
    "conta_ausente": RuleText(
        "Conta corrente não foi preenchida.",
        "Ligue a forma de pagamento a uma conta do Omie (omie-pipeline defaults set EMPRESA "
        "account.FORMA=CÓDIGO), ou defina a conta padrão (account=CÓDIGO; códigos: omie-pipeline "
        "refs).",
    ),
    "conta_inexistente": RuleText(
        "Conta corrente não existe no Omie.",
        "Ligue a forma de pagamento a uma conta corrente que exista no Omie.",
    ),
    "conta_inativa": RuleText(
        "Conta corrente inativa no Omie.",
        "Ligue a forma de pagamento a uma conta corrente ativa, ou reative-a no Omie.",
    ),
    "categoria_superior_inexistente": RuleText(
        "Categoria superior não existe no Omie.",
        "Informe o código de um grupo que exista no Omie, por exemplo 1.01, ou crie-o lá antes.",
    ),
    # Serviços, contratos e ordens de serviço
    "lc116_ausente": RuleText(
        "Código da lista de serviços (LC 116) não foi preenchido.",
        "Preencha no procedimento o código da LC 116, por exemplo 4.01; o contador sabe qual é.",
    ),
    "lc116_formato": RuleText(
        "Código da lista de serviços (LC 116) não está no formato 9.99 ou 99.99.",
        "Escreva o código da LC 116 com ponto, por exemplo 4.01 ou 14.01.",
    ),
    "servico_municipal_ausente": RuleText(
        "Código do serviço no município não foi preenchido.",
        "Preencha no procedimento o código de serviço da prefeitura; o contador sabe qual é.",
    ),
    "item_sem_servico": RuleText(
        "{campo}: não diz qual é o serviço.",
        "Ligue o item a um procedimento cadastrado como serviço no Omie, ou informe tributação, "
        "código municipal e código da LC 116.",
    ),
    "sem_itens": RuleText(
        "{campo}: não há nenhum item.", "Informe pelo menos um serviço na origem."
    ),
    "os_sem_cliente": RuleText(
        "Cliente da ordem de serviço não foi preenchido.",
        "Informe o paciente do recebimento na origem.",
    ),
    "vigencia_invertida": RuleText(
        "Vigência final não é depois da inicial.", "Confira as duas datas de vigência do contrato."
    ),
    "vencimento_dias": RuleText(
        "Dias para o vencimento não foram preenchidos, e o vencimento é contado em dias.",
        "Informe quantos dias depois do faturamento o contrato vence.",
    ),
    "vencimento_dia_fixo": RuleText(
        "Dia fixo do vencimento não foi preenchido, e o vencimento é em dia fixo.",
        "Informe o dia do mês em que o contrato vence.",
    ),
    "dia_do_mes": RuleText(
        "{campo}: não é um dia do mês.", "Informe um dia de 1 a 31 no campo {campo}."
    ),
    # Records that have to be there before
    "marca_invalida": RuleText(
        "{campo}: não dá para saber qual é o registro a que se refere.",
        _MAPPING_FIX.format(forma="o nome de um endpoint que é enviado e o código do registro"),
    ),
    "aguarda_cadastro": RuleText(
        "Aguarda o cadastro de {campo}: o Omie ainda não o confirmou.",
        "Nada a fazer se o cadastro está na fila; se ele foi recusado, corrija-o primeiro.",
    ),
}
"""Texts by rule. The rule's name is stable: it is stored with a quarantined row."""

_VALUE: Final = "A coluna {coluna} da origem: o valor '{valor}' "
_CORRECT: Final = "Corrija o valor na coluna {coluna} da origem."
UNREADABLE: Final[dict[str, RuleText]] = {
    "number": RuleText(_VALUE + "não é um número.", _CORRECT),
    "ambiguous_number": RuleText(
        _VALUE + "pode ser lido de duas maneiras: o sinal separa os milhares ou os centavos.",
        "Quem cuida da integração diz no __sources.yml do conjunto qual é o sinal decimal da "
        "coluna {coluna} (meta: decimal); omie-pipeline build mostra o que escrever.",
    ),
    "integer": RuleText(_VALUE + "não é um número inteiro que sirva.", _CORRECT),
    "boolean": RuleText(
        _VALUE + "não diz sim nem não.", "Escreva S ou N na coluna {coluna} da origem."
    ),
    "date": RuleText(
        _VALUE + "não é uma data que exista, ou não está escrito como data.",
        "Corrija a data na coluna {coluna} da origem (dia, mês e ano com quatro algarismos).",
    ),
    "ambiguous_date": RuleText(
        _VALUE + "pode ser dia/mês ou mês/dia: a coluna tem datas que só servem como mês/dia.",
        "Quem cuida da integração diz no __sources.yml do conjunto a ordem da coluna {coluna} "
        "(meta: date_order); omie-pipeline build mostra o que escrever.",
    ),
    "two_digit_year": RuleText(
        _VALUE + "tem o ano com só dois algarismos.",
        "Escreva o ano com quatro algarismos na coluna {coluna} da origem, ou declare o século no "
        "__sources.yml do conjunto (meta: two_digit_years).",
    ),
    "improbable_date": RuleText(_VALUE + "é uma data improvável.", "Confira o ano da data."),
    "instant": RuleText(_VALUE + "não é uma data com hora.", _CORRECT),
}
"""Texts by kind of what the source should have had; other kinds have a general text."""


LIST_NEVER_READ: Final = (
    "A lista de {lista} do Omie nunca foi lida para esta empresa, e sem ela nenhum lançamento pode "
    "ser conferido. Leia a lista com omie-pipeline refs e repita."
)
"""Text of the ``ConfigurationError`` when a reference list is absent or empty."""

WAITS_FOR: Final = "Aguarda o cadastro {codigo} ({onde}): o Omie ainda não o confirmou."
"""Why one row is held: our code of the record that has to be confirmed first, and its endpoint."""


UNMAPPED_KINDS: Final = {
    "category": "a categoria",
    "procedure": "o procedimento",
    "supplier_kind": "o tipo de fornecedor",
}


def unmapped(*, kind: str, name: str) -> str:
    return f"Categoria não mapeada: {kind} {name}."


def unmapped_fix(*, kind: str, source: str, suggestions: str) -> str:
    return (
        f"Diga que categoria do Omie é: omie-pipeline mapping set EMPRESA {kind} '{source}' "
        f"CÓDIGO.{suggestions}"
    )


def perhaps(suggestions: str) -> str:
    return f" Talvez: {suggestions}."


OF_SEVERAL: Final = {
    "campo": "um destes campos",
    "maximo": "‹máximo›",
    "valores": "‹valores›",
    "padrao": "‹formato›",
}
"""What stands for one field's words where a rule is asked of several."""

# Omie's field names in the words of a clinic's front desk.

LABELS: Final[dict[str, str]] = {
    # clientes
    "codigo_cliente_omie": "código do cliente no Omie",
    "codigo_cliente_integracao": "código de integração do cliente",
    "razao_social": "nome ou razão social",
    "cnpj_cpf": "CPF ou CNPJ",
    "nome_fantasia": "nome fantasia",
    "telefone1_ddd": "DDD do telefone",
    "telefone1_numero": "telefone",
    "telefone2_ddd": "DDD do segundo telefone",
    "telefone2_numero": "segundo telefone",
    "fax_ddd": "DDD do fax",
    "fax_numero": "fax",
    "contato": "nome do contato",
    "endereco": "logradouro (rua, avenida)",
    "endereco_numero": "número do endereço",
    "bairro": "bairro",
    "complemento": "complemento do endereço",
    "estado": "UF",
    "cidade": "cidade",
    "cidade_ibge": "código IBGE da cidade",
    "cep": "CEP",
    "codigo_pais": "código do país",
    "email": "e-mail",
    "homepage": "página na internet",
    "inscricao_estadual": "inscrição estadual",
    "inscricao_municipal": "inscrição municipal",
    "inscricao_suframa": "inscrição na Suframa",
    "optante_simples_nacional": "optante do Simples Nacional",
    "tipo_atividade": "tipo de atividade",
    "cnae": "CNAE",
    "produtor_rural": "produtor rural",
    "contribuinte": "contribuinte do ICMS",
    "observacao": "observação",
    "obs_detalhadas": "observações detalhadas",
    "recomendacao_atraso": "recomendação de atraso",
    "recomendacoes": "recomendações",
    "tags": "etiquetas (tags)",
    "tag": "etiqueta",
    "pessoa_fisica": "pessoa física",
    "valor_limite_credito": "limite de crédito",
    "bloquear_faturamento": "bloquear faturamento",
    "bloquear_exclusao": "bloquear exclusão",
    "inativo": "inativo",
    "nif": "NIF (documento fiscal estrangeiro)",
    "documento_exterior": "documento do exterior",
    "enviar_anexos": "enviar anexos",
    "pesquisar_cep": "pesquisar CEP",
    "separar_endereco": "separar endereço",
    "caracteristicas": "características",
    "campo": "nome da característica",
    "conteudo": "conteúdo da característica",
    "dadosBancarios": "dados bancários",
    "codigo_banco": "código do banco",
    "agencia": "agência",
    "conta_corrente": "conta corrente do favorecido",
    "doc_titular": "CPF ou CNPJ do titular",
    "nome_titular": "nome do titular",
    "transf_padrao": "transferência padrão",
    "cChavePix": "chave Pix",
    "enderecoEntrega": "endereço de entrega",
    "entRazaoSocial": "nome de quem recebe",
    "entCnpjCpf": "CPF ou CNPJ de quem recebe",
    "entEndereco": "logradouro",
    "entNumero": "número",
    "entComplemento": "complemento",
    "entBairro": "bairro",
    "entCEP": "CEP",
    "entEstado": "UF",
    "entCidade": "cidade",
    "entTelefone": "telefone",
    "entIE": "inscrição estadual",
    "_unreadable": "valor ilegível",
    "_rg": "RG",
    # the clinic's own columns
    "paciente_id": "paciente",
    "profissional_id": "profissional",
    "fornecedor_id": "fornecedor",
    "procedimento_id": "procedimento",
    "forma_pagamento_id": "forma de pagamento",
    "projeto_id": "projeto",
    "tipo": "tipo de documento da forma de pagamento",
    "situacao": "situação do contrato",
    "tipo_vencimento": "tipo de vencimento do contrato",
    "produto": "produto",
    "origem": "tabela de origem do pagamento",
    "origem_id": "lançamento de origem do pagamento",
    "_rg_orgao_emissor": "órgão emissor do RG",
    # títulos
    "codigo_lancamento_omie": "código do lançamento no Omie",
    "chave_lancamento": "código do lançamento no Omie",
    "codigo_lancamento_integracao": "código de integração do lançamento",
    "codigo_cliente_fornecedor": "código do cliente no Omie",
    "codigo_cliente_fornecedor_integracao": "cliente ou fornecedor",
    "data_vencimento": "data de vencimento",
    "data_previsao": "data de previsão",
    "data_emissao": "data de emissão",
    "data_entrada": "data de entrada",
    "data_registro": "data de registro",
    "valor_documento": "valor",
    "codigo_categoria": "categoria",
    "categorias": "rateio por categoria",
    "id_conta_corrente": "conta corrente",
    "codigo_conta_corrente": "conta corrente",
    "numero_documento": "número do documento",
    "numero_documento_fiscal": "número do documento fiscal",
    "numero_parcela": "número da parcela",
    "numero_pedido": "número do pedido",
    "numero_parcelas": "número de parcelas",
    "codigo_tipo_documento": "tipo de documento",
    "chave_nfe": "chave da NF-e",
    "codigo_barras_ficha_compensacao": "código de barras do boleto",
    "codigo_cmc7_cheque": "código CMC7 do cheque",
    "codigo_vendedor": "vendedor",
    "codigo_projeto": "projeto",
    "id_origem": "origem",
    "operacao": "operação",
    "status_titulo": "situação do lançamento",
    "nsu": "NSU",
    "acao": "ação",
    "bloqueado": "bloqueado",
    "bloquear_baixa": "bloquear baixa",
    "baixar_documento": "baixar documento",
    "conciliar_documento": "conciliar documento",
    "distribuicao": "rateio por departamento",
    "cCodDep": "departamento",
    "nValDep": "valor do departamento",
    "nPerDep": "percentual do departamento",
    "lancamento_detalhe": "detalhe do lançamento",
    "recebimento": "recebimento",
    "pagamento": "pagamento",
    "repeticao": "repetição",
    "mensal": "repetição mensal",
    "semanal": "repetição semanal",
    "especifico": "repetição específica",
    "boleto": "boleto",
    "info": "dados de auditoria",
    "importado_api": "importado pela API",
    "aprendizado_rateio": "aprendizado do rateio",
    "cnab_integracao_bancaria": "integração bancária (CNAB)",
    "codigo_forma_pagamento": "forma de pagamento",
    "servico_tomado": "serviço tomado",
    "percentual": "percentual",
    "valor": "valor",
    "desconto": "desconto",
    "juros": "juros",
    "multa": "multa",
    "data": "data",
    # baixas
    "codigo_lancamento": "código do lançamento no Omie",
    "codigo_baixa": "código da baixa no Omie",
    "codigo_baixa_integracao": "código de integração da baixa",
    # serviços, contratos e ordens de serviço
    "_chave": "código de integração",
    "$omie_id": "outro registro deste fluxo",
    "_cpf": "CPF do paciente",
    "_endereco": "logradouro (rua, avenida)",
    "_endereco_numero": "número do endereço",
    "_bairro": "bairro",
    "_cidade": "cidade",
    "_estado": "UF",
    "_cep": "CEP",
    "codInt": "código de integração",
    "nome": "nome",
    "comissao": "comissão",
    "descricao": "descrição",
    "categoria_superior": "categoria superior",
    "natureza": "natureza",
    "tipo_categoria": "tipo de categoria",
    "codigo_dre": "código do DRE",
    "cabecalho": "cabeçalho",
    "Cabecalho": "cabeçalho",
    "intEditar": "chaves do serviço",
    "cCodIntServ": "código de integração do serviço",
    "cDescricao": "descrição",
    "cDescrCompleta": "descrição completa",
    "cCodLC116": "código da LC 116",
    "cCodServMun": "código do serviço no município",
    "cIdTrib": "tributação",
    "impostos": "impostos",
    "cCodIntCtr": "código de integração do contrato",
    "nCodCtr": "contrato",
    "nCodCli": "cliente",
    "cNumCtr": "número do contrato",
    "cCodSit": "situação do contrato",
    "dVigInicial": "início da vigência",
    "dVigFinal": "fim da vigência",
    "nDiaFat": "dia do faturamento",
    "cTipoFat": "periodicidade do faturamento",
    "itensContrato": "itens do contrato",
    "itemCabecalho": "serviço",
    "itemDescrServ": "descrição do serviço",
    "itemImpostos": "impostos",
    "descrCompleta": "descrição completa",
    "codServico": "serviço",
    "natOperacao": "tributação",
    "codServMunic": "código do serviço no município",
    "codLC116": "código da LC 116",
    "quant": "quantidade",
    "valorUnit": "valor unitário",
    "infAdic": "informações adicionais",
    "vencTextos": "vencimento",
    "cTpVenc": "tipo de vencimento",
    "nDias": "dias para o vencimento",
    "nDiaFixo": "dia fixo do vencimento",
    "departamentos": "rateio por departamento",
    "emailCliente": "e-mail ao cliente",
    "observacoes": "observações",
    "infoCadastro": "dados de auditoria",
    "InfoCadastro": "dados de auditoria",
    "cCodIntOS": "código de integração da ordem de serviço",
    "nCodOS": "ordem de serviço no Omie",
    "cCodIntCli": "cliente",
    "cCodParc": "condição de pagamento",
    "dDtPrevisao": "data de previsão",
    "InformacoesAdicionais": "informações adicionais",
    "cCodCateg": "categoria",
    "cCodCategItem": "categoria do item",
    "nCodCC": "conta corrente",
    "nCodVend": "vendedor",
    "nCodProj": "projeto",
    "cCidPrestServ": "cidade da prestação",
    "cDadosAdicNF": "dados adicionais da nota",
    "ServicosPrestados": "serviços prestados",
    "nCodServico": "serviço",
    "cCodIntServico": "serviço",
    "cTribServ": "tributação",
    "cCodServLC116": "código da LC 116",
    "cDescServ": "descrição do serviço",
    "nQtde": "quantidade",
    "nValUnit": "valor unitário",
    "Parcelas": "parcelas",
    "Email": "e-mail ao cliente",
    "Departamentos": "rateio por departamento",
    "Observacoes": "observações",
}
"""A name that is not here is shown as Omie writes it."""

ALTERNATIVES: Final = " ou "
"""Joins the fields of which one must be filled in."""


# validation/conditions.py


def no_such_field(*, field: str, endpoint: str) -> str:
    return f"O Omie não tem o campo {field} em {endpoint}."


def rule_failed(*, rule: str, cause: str) -> str:
    return f"A regra {rule} não pôde ser avaliada ({cause})."


def rule_not_evaluated(rule: str) -> str:
    return f"A regra {rule} não pôde ser avaliada."


# validation/validator.py


def not_in_omie(*, endpoint: str, names: str) -> str:
    return f"O Omie não tem em {endpoint}: {names}."


# validation/rules.py

THE_VALUE: Final = "o valor"


def record_is(record: str) -> str:
    return f" O cadastro é {record}."


# validation/values.py


def wrong_for_right(*, wrong: str, right: str) -> str:
    return f'"{wrong}" no lugar de "{right}"'
