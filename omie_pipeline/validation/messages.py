"""Every Portuguese text of the validation, as data: what is wrong and what to do about it.

``{campo}`` is the field in human words (``labels.py``), ``{maximo}`` its length, ``{valores}`` its
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

    motivo: str
    correcao: str


OPENINGS: Final[dict[str, str]] = {
    "critical": "Recusa se",
    "hold": "Aguarda se",
    "warning": "Avisa se",
}
"""By severity, what begins a rule's line in Data Docs."""
RULE_OF_FIELDS: Final = "{abertura}: {motivo} Campos: {campos}."
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
    "categoria_inexistente": RuleText(
        "Categoria não existe no Omie.",
        "Escolha uma categoria do plano do Omie, ou crie-a lá antes de enviar.",
    ),
    "categoria_inativa": RuleText(
        "Categoria inativa no Omie, ou é só um grupo de totais.",
        "Escolha uma categoria ativa, ou reative-a no Omie.",
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
        "Quem cuida da integração diz em _sources.yml qual é o sinal decimal da coluna {coluna} "
        "(meta: decimal); omie-pipeline build mostra o que escrever.",
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
        "Quem cuida da integração diz em _sources.yml a ordem da coluna {coluna} "
        "(meta: date_order); omie-pipeline build mostra o que escrever.",
    ),
    "two_digit_year": RuleText(
        _VALUE + "tem o ano com só dois algarismos.",
        "Escreva o ano com quatro algarismos na coluna {coluna} da origem, ou declare o século em "
        "_sources.yml (meta: two_digit_years).",
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


def motivo_of_several(rule: str) -> str:
    """The motivo of a rule that is asked of several fields, without any one of them in it."""
    general = {
        "campo": "um destes campos",
        "maximo": "‹máximo›",
        "valores": "‹valores›",
        "padrao": "‹formato›",
    }
    text = RULES[rule].motivo.removeprefix("{campo}: ")
    return text.format_map(general)
