"""What columns are called: Portuguese and English, abbreviated or not, against Omie's fields."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import cache
from typing import Final

Words = frozenset[str]

_CAMEL: Final = re.compile(r"(?<=[a-zà-ú0-9])(?=[A-ZÀ-Ú])|(?<=[A-Z])(?=[A-Z][a-z])")
_SPLIT: Final = re.compile(r"[^a-z0-9]+")
_STOP: Final = frozenset({"de", "da", "do", "dos", "das", "e", "em", "the", "of", "at", "on"})
_PREFIXES: Final = frozenset(
    {"c", "n", "d", "h", "ds", "tx", "sg", "txt", "str", "tb", "tbl", "cad", "fin", "fk", "pk"}
)

_SAME_WORD: Final[Mapping[str, str]] = {
    # Abbreviations.
    "dt": "data", "dat": "data", "vl": "valor", "vlr": "valor", "val": "valor", "nr": "numero",
    "nro": "numero", "num": "numero", "no": "numero", "cod": "codigo", "cd": "codigo",
    "tel": "telefone", "fone": "telefone", "cel": "celular", "end": "endereco", "log": "logradouro",
    "obs": "observacao", "desc": "descricao", "descr": "descricao", "nm": "nome", "nom": "nome",
    "venc": "vencimento", "vcto": "vencimento", "vencto": "vencimento", "vecto": "vencimento",
    "compl": "complemento", "cid": "cidade", "munic": "municipio", "mun": "municipio",
    "doc": "documento", "emis": "emissao", "qtd": "quantidade", "qtde": "quantidade",
    "quant": "quantidade", "cli": "cliente", "pac": "paciente", "forn": "fornecedor",
    "prof": "profissional", "cat": "categoria", "categ": "categoria", "parc": "parcela",
    "ctr": "contrato", "serv": "servico", "proc": "procedimento", "vig": "vigencia",
    "fat": "faturamento", "aliq": "aliquota", "sit": "situacao", "pgto": "pagamento",
    "pagto": "pagamento", "receb": "recebimento", "comp": "competencia", "insc": "inscricao",
    "munici": "municipal", "unit": "unitario", "unitar": "unitario", "desct": "desconto",
    "prev": "previsao",
    # English.
    "name": "nome", "date": "data", "day": "dia", "due": "vencimento", "amount": "valor",
    "value": "valor", "total": "total", "street": "logradouro", "address": "endereco",
    "city": "cidade", "town": "cidade", "state": "estado", "zip": "cep", "zipcode": "cep",
    "postal": "cep", "postcode": "cep", "phone": "telefone", "mobile": "celular",
    "cellphone": "celular", "district": "bairro", "neighborhood": "bairro",
    "neighbourhood": "bairro", "number": "numero", "customer": "cliente", "client": "cliente",
    "patient": "paciente", "supplier": "fornecedor", "vendor": "fornecedor",
    "provider": "profissional", "note": "observacao", "comment": "observacao",
    "remark": "observacao", "description": "descricao", "code": "codigo", "key": "chave",
    "category": "categoria", "account": "conta", "installment": "parcela",
    "instalment": "parcela", "quantity": "quantidade", "qty": "quantidade", "price": "preco",
    "issue": "emissao", "issued": "emissao", "mail": "email", "document": "documento",
    "taxid": "documento", "tax": "imposto", "ssn": "documento", "bank": "banco",
    "branch": "agencia",
    "invoice": "nota", "contract": "contrato", "start": "inicio", "begin": "inicio",
    "service": "servico", "procedure": "procedimento", "project": "projeto",
    "company": "empresa", "discount": "desconto", "interest": "juro", "fee": "multa",
    "status": "situacao", "active": "ativo", "inactive": "inativo", "seller": "vendedor",
    "salesperson": "vendedor", "commission": "comissao", "paid": "pago", "payment": "pagamento",
    "receipt": "recebimento", "uuid": "id", "billing": "faturamento",
    "legal": "razao", "trade": "fantasia", "complement": "complemento",
}  # fmt: skip

GENERIC: Final = frozenset(
    {"data", "valor", "numero", "codigo", "nome", "tipo", "id", "descricao", "conta", "observacao",
     "documento", "dia", "total", "cliente", "paciente", "situacao", "categoria", "servico"}
)  # fmt: skip
"""Words that say nothing in the company of others: ``data_nascimento`` is no business date."""

FOREIGN: Final = frozenset(
    {"mae", "pai", "responsavel", "medico", "convenio", "titular", "entrega", "cobranca",
     "conjuge", "emergencia", "antigo", "anterior", "usuario", "nascimento", "ibge", "avo",
     "mother", "father", "emergency", "birth", "user", "cadastro", "criado", "atualizado"}
)  # fmt: skip
"""Words that show that a column belongs to another person or thing."""


@cache
def words_of(name: str) -> Words:
    """The words of a column's or field's name, in one spelling: ``DtVencto`` -> data, vencimento.

    Case, accents, underscores, plurals, small words and prefixes of a letter are gone.
    """
    plain = _CAMEL.sub(" ", name.replace("e-mail", "email").replace("E-mail", "email"))
    plain = unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode().lower()
    parts = [part for part in _SPLIT.split(plain) if part and part not in _STOP]
    if len(parts) > 1:
        parts = [part for part in parts if part not in _PREFIXES] or parts
    return frozenset(_singular(_SAME_WORD.get(part, part)) for part in parts)


def _singular(word: str) -> str:
    known = _SAME_WORD.get(word[:-1]) if word.endswith("s") else None
    if known is not None:
        return known
    if word.endswith(("oes", "aes")):
        return f"{word[:-3]}ao"
    return word[:-1] if word.endswith("s") and len(word) > 3 else word


_CUSTOMER: Final = (
    "paciente id|cliente id|codigo paciente|codigo cliente|pessoa id|paciente|cliente|codigo pessoa"
)
_SUPPLIER: Final = (
    "fornecedor id|codigo fornecedor|profissional id|codigo profissional|fornecedor|profissional|"
    "cliente fornecedor"
)
_ACCOUNT: Final = (
    "conta corrente|conta corrente id|codigo conta corrente|conta id|codigo conta|conta bancaria"
)
_CATEGORY: Final = "categoria|codigo categoria|categoria id"
_SERVICE: Final = "procedimento id|servico id|codigo procedimento|codigo servico|procedimento"
_BUSINESS_DATE: Final = (
    "data|data emissao|emissao|data lancamento|data competencia|competencia|data movimento|"
    "data recebimento|data atendimento|data venda|data pagamento"
)
_TITULO: Final = "titulo id|recebimento id|conta receber id|conta pagar id|lancamento id|titulo"
_PERSON: Final = "nome|nome completo|paciente|cliente|fornecedor|profissional"
_START: Final = "vigencia inicial|inicio vigencia|data inicio|inicio|data inicial"
_END: Final = "vigencia final|fim vigencia|data fim|fim|data final|termino|data termino"

_SYNONYMS: Final[Mapping[str, str]] = {
    "empresa": "empresa|filial|unidade|clinica|loja|codigo empresa|empresa id",
    "data_particao": _BUSINESS_DATE,
    "_rg": "rg|identidade|numero rg|carteira identidade",
    "_rg_orgao_emissor": "rg orgao emissor|orgao emissor|emissor rg|orgao expedidor|rg orgao",
    # Clientes.
    "razao_social": f"razao social|{_PERSON}",
    "nome_fantasia": f"nome fantasia|fantasia|nome social|{_PERSON}",
    "cnpj_cpf": "cpf cnpj|cpf|cnpj|documento|numero documento|cic|documento federal|id imposto",
    "telefone1_ddd": "ddd|telefone|celular|telefone celular|numero telefone|whatsapp|telefone 1",
    "telefone1_numero": "telefone|celular|telefone celular|numero telefone|whatsapp|telefone 1",
    "telefone2_ddd": "ddd2|telefone 2|telefone2|telefone residencial|telefone comercial",
    "telefone2_numero": "telefone 2|telefone2|telefone residencial|telefone comercial",
    "contato": "contato|pessoa contato",
    "endereco": "endereco|logradouro|rua|avenida|nome logradouro",
    "endereco_numero": "numero|endereco numero|numero logradouro|numero casa",
    "bairro": "bairro",
    "complemento": "complemento|complemento endereco",
    "estado": "uf|estado|sigla estado|estado uf|sigla uf",
    "cidade": "cidade|municipio|localidade|nome cidade|nome municipio",
    "cidade_ibge": "ibge|codigo ibge|cidade ibge|municipio ibge|codigo municipio",
    "cep": "cep|codigo cep|cep codigo|codigo postal",
    "email": "email|correio eletronico|email principal|endereco email",
    "homepage": "site|website|pagina",
    "inscricao_estadual": "inscricao estadual|ie",
    "inscricao_municipal": "inscricao municipal|im|ccm",
    "observacao": "observacao|anotacao|comentario",
    "inativo": "inativo|desativado|bloqueado",
    "dadosBancarios.codigo_banco": "banco|codigo banco|numero banco|banco codigo",
    "dadosBancarios.agencia": "agencia|numero agencia|banco agencia|agencia bancaria",
    "dadosBancarios.conta_corrente": "conta|conta corrente|conta bancaria|numero conta|banco conta",
    "dadosBancarios.doc_titular": "documento titular|cpf titular|cnpj titular",
    "dadosBancarios.nome_titular": "nome titular|titular",
    "dadosBancarios.cChavePix": "chave pix|pix",
    # Títulos and baixas.
    "contas_receber:codigo_cliente_fornecedor_integracao": _CUSTOMER,
    "contas_pagar:codigo_cliente_fornecedor_integracao": f"{_SUPPLIER}|{_CUSTOMER}",
    "data_vencimento": "data vencimento|vencimento|vencimento original",
    "data_previsao": "data previsao|previsao|data prevista|data vencimento|vencimento",
    "valor_documento": "valor documento|valor|valor total|total|valor titulo|valor parcela|"
    "valor bruto|preco|valor liquido|valor recebimento",
    "codigo_categoria": _CATEGORY,
    "id_conta_corrente": _ACCOUNT,
    "codigo_conta_corrente": _ACCOUNT,
    "numero_documento": "numero documento|numero titulo|numero recibo|recibo|documento",
    "numero_parcela": "parcela|numero parcela",
    "codigo_tipo_documento": "tipo documento|codigo tipo documento",
    "numero_documento_fiscal": "nota fiscal|numero nota|nf|numero nf|numero nota fiscal|nfse",
    "numero_pedido": "pedido|numero pedido",
    "data_emissao": f"data emissao|emissao|{_BUSINESS_DATE}",
    "data_registro": f"data registro|{_BUSINESS_DATE}",
    "data_entrada": f"data entrada|{_BUSINESS_DATE}",
    "codigo_vendedor": "vendedor|vendedor id|codigo vendedor",
    "codigo_projeto": "projeto|projeto id|codigo projeto",
    "codigo_lancamento_integracao": _TITULO,
    "valor": "valor|valor pago|valor recebido|valor baixa|valor total|total",
    "juros": "juro|valor juro|acrescimo",
    "desconto": "desconto|valor desconto",
    "multa": "multa|valor multa",
    "data": "data pagamento|data baixa|data recebimento|data|pago|data pago|pagamento",
    # Registers.
    "nome": f"{_PERSON}|descricao|projeto|vendedor|titulo",
    "comissao": "comissao|percentual comissao",
    "descricao": "descricao|nome|categoria",
    "categoria_superior": "categoria superior|categoria pai|grupo",
    "natureza": "natureza",
    "tipo_categoria": "tipo categoria|tipo",
    "codigo_dre": "dre|codigo dre",
    "codigo_cliente_omie": "omie|codigo omie|omie id|cliente omie|codigo cliente omie",
    # Serviços.
    "cDescricao": "descricao|nome|procedimento|servico|nome procedimento|nome servico",
    "cCodigo": "codigo|sigla|codigo interno|codigo tuss|tuss",
    "nPrecoUnit": "preco|valor|preco unitario|valor unitario|preco venda",
    "cCodLC116": "lc116|codigo lc116|lc 116|lei 116|item lista servico",
    "cCodServMun": "codigo servico municipal|servico municipal|codigo municipal",
    "cIdTrib": "tributacao|codigo tributacao",
    "nIdNBS": "nbs|codigo nbs",
    "cCodCateg": _CATEGORY,
    "cDescrCompleta": "descricao completa|descricao detalhada|descricao longa",
    "nAliqISS": "aliquota iss|iss|percentual iss",
    "cRetISS": "retem iss|iss retido|retencao iss",
    # Contratos.
    "cNumCtr": "numero contrato|numero|contrato",
    "nCodCli": _CUSTOMER,
    "cCodSit": "situacao|codigo situacao|situacao contrato",
    "dVigInicial": _START,
    "dVigFinal": _END,
    "nDiaFat": "dia faturamento|dia fatura|dia cobranca",
    "cTipoFat": "tipo faturamento|periodicidade|frequencia",
    "nCodVend": "vendedor|vendedor id|codigo vendedor",
    "nCodProj": "projeto|projeto id|codigo projeto",
    "nCodCC": _ACCOUNT,
    "cContato": "contato|pessoa contato",
    "cCidPrestServ": "cidade prestacao|cidade prestacao servico|cidade servico",
    "cDadosAdicNF": "dado adicional|dado adicional nf|dado adicional nota",
    "cTpVenc": "tipo vencimento",
    "nDias": "dia vencimento|prazo|prazo vencimento",
    "nDiaFixo": "dia fixo|dia fixo vencimento",
    "codServico": _SERVICE,
    "quant": "quantidade",
    "valorUnit": "valor unitario|preco unitario|valor mensal|mensalidade|preco|valor",
    "descrCompleta": "descricao|descricao servico|descricao completa|servico",
    "codLC116": "lc116|codigo lc116|lc 116|lei 116",
    "codServMunic": "codigo servico municipal|servico municipal|codigo municipal",
    "cObsContrato": "observacao|observacao contrato",
    "cUtilizarEmails": "email|email cobranca",
    # Ordens de serviço.
    "cCodIntCli": _CUSTOMER,
    "dDtPrevisao": f"data previsao|previsao|{_BUSINESS_DATE}",
    "nQtdeParc": "quantidade parcela|numero parcela|parcela",
    "cCodParc": "condicao pagamento|codigo parcela|condicao",
    "cCodIntServico": _SERVICE,
    "nQtde": "quantidade",
    "nValUnit": "valor unitario|preco unitario|valor|preco|valor total",
    "cDescServ": "descricao|descricao servico|procedimento|servico",
    "cObsOS": "observacao",
}

OPPOSITE: Final[Mapping[str, str]] = {"inativo": "ativo"}
"""Field -> word of a column that says the contrary."""


@cache
def alternatives(endpoint: str, path: str) -> tuple[Words, ...]:
    """Ways to call the field at ``path``, the likeliest first; its own name among them."""
    name = path.rpartition(".")[2]
    keys = (f"{endpoint}:{name}", path, name)
    told = next((_SYNONYMS[key] for key in keys if key in _SYNONYMS), "")
    listed = (words_of(words) for words in told.split("|") if words)
    return tuple(dict.fromkeys((words_of(name), *listed)))
