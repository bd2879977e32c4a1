"""What the words of a category's name mean: spelling, abbreviations, accounting synonyms.

Texts without accents, since names are compared without them. A group says why its words are one; a
weight below one says that a word is only near to it. Companies that nearly every clinic pays (the
electricity distributor, the card acquirer) stand with what is bought from them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Final

from rapidfuzz import fuzz, process

_INITIALS: Final = re.compile(r"\b(?:[a-z]\.){2,}")
_SHORT: Final = re.compile(r"\b([psc])/")
_TOKEN: Final = re.compile(r"[a-z0-9]+\.?")
_ASIDE: Final = re.compile(r"[(\[]([^)\]]*)[)\]]?")
_TAX: Final = re.compile(r"\bDAS\b")
_ORDINAL: Final = re.compile(r"\b(\d+)[oa]\b")


def _all(words: str) -> list[str]:
    return words.split()


_SILENT: Final = frozenset(
    _all(
        "a ao aos as c com d da das de do dos e em entre na nas no nos o os ou p para por s se sem "
        "sob sobre um uma x"
    )
)
_LIGHT: Final[Mapping[str, float]] = {
    # Said of nearly everything: alone they choose nothing.
    **dict.fromkeys(_all("despesa gasto custo pagamento conta receita recebimento valor"), 0.25),
    **dict.fromkeys(_all("clinica consultorio empresa sede unidade mensal anual novo"), 0.3),
    **dict.fromkeys(_all("outro diverso geral demais eventual varios"), 0.4),
    **dict.fromkeys(_all("cliente paciente fornecedor compra aquisicao"), 0.5),
    **dict.fromkeys(_all("servico prestacao honorario assessoria"), 0.6),
}
_LIGHT_DEFAULT: Final = 1.0
_IN_BRACKETS: Final = 0.5
"""What stands in brackets are mostly examples of what was said before."""

_PHRASES: Final[Mapping[str, str]] = {
    "pro labore": "prolabore",
    "simples nacional": "simples",
    "banda larga": "internet",
    "wi fi": "internet",
    "vale transporte": "valetransporte",
    "vale refeicao": "valerefeicao",
    "vale alimentacao": "valerefeicao",
    "plano de saude": "planosaude",
    "planos de saude": "planosaude",
    "assistencia medica": "planosaude",
    "assistencia odontologica": "planosaude",
    "assistencia tecnica": "manutencao",
    "assist. tecnica": "manutencao",
    "google ads": "anuncio",
    "pessoa juridica": "pj",
    "mao de obra": "maodeobra",
    "conta corrente": "banco",
    "contribuicao social": "csll",
    "prontuario eletronico": "software",
    "decimo terceiro": "13",
    "uso e consumo": "consumo",
    "materia prima": "materiaprima",
}
_LONGEST_PHRASE: Final = 3
_SHORTEST_CUT: Final = 4
_SHORTEST_CORRECTED: Final = 6
_TYPO: Final = 90.0
"""rapidfuzz' ratio of a word and the one that was meant."""

_SHORTENED: Final[Mapping[str, str]] = {
    "adm": "administrativo", "administr": "administrativo", "adiant": "adiantamento",
    "alug": "aluguel", "aplic": "aplicacao", "assist": "assistencia", "benef": "beneficio",
    "cirurg": "cirurgia", "comis": "comissao", "cond": "condominio", "cons": "consulta",
    "consult": "consulta", "contab": "contabilidade", "conv": "convenio", "desp": "despesa",
    "devol": "devolucao", "emprest": "emprestimo", "energ": "energia", "equip": "equipamento",
    "escr": "escritorio", "escrit": "escritorio", "fat": "faturamento", "fin": "financeiro",
    "financ": "financiamento", "forn": "fornecedor", "fornec": "fornecedor", "func": "funcionario",
    "hon": "honorario", "honor": "honorario", "hosp": "hospitalar", "imp": "imposto",
    "info": "informatica", "inform": "informatica", "inst": "instalacao", "jurid": "juridico",
    "lab": "laboratorio", "laborat": "laboratorio", "limp": "limpeza", "loc": "locacao",
    "manut": "manutencao", "mat": "material", "med": "medico", "medic": "medicamento",
    "mens": "mensalidade", "mkt": "marketing", "mov": "moveis", "odont": "odontologico",
    "part": "particular", "partic": "particular", "pag": "pagamento", "pagto": "pagamento",
    "pgto": "pagamento", "pgt": "pagamento", "prest": "prestacao", "proc": "procedimento",
    "proced": "procedimento", "prod": "produto", "prof": "profissional", "propag": "propaganda",
    "rec": "receita", "receb": "recebimento", "reemb": "reembolso", "rend": "rendimento",
    "sal": "salario", "seg": "seguro", "segur": "seguranca", "serv": "servico", "sist": "sistema",
    "tel": "telefone", "terc": "terceiro", "trein": "treinamento", "transp": "transporte",
    "trib": "tributo", "tx": "taxa", "vacin": "vacina", "vt": "valetransporte",
    "vr": "valerefeicao", "va": "valerefeicao",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Group:
    """Words that stand for one thing, each with how near it is (1: the same)."""

    reason: str
    words: Mapping[str, float]


def _group(reason: str, same: str, *, near: str = "", far: str = "") -> _Group:
    return _Group(
        reason,
        {
            **dict.fromkeys(_all(far), 0.5),
            **dict.fromkeys(_all(near), 0.75),
            **dict.fromkeys(_all(same), 1.0),
        },
    )


_GROUPS: Final = (
    _group("paying for the use of a place", "aluguel locacao", near="arrendamento sublocacao",
           far="imovel sala"),
    _group("what is shared in a building", "condominio", far="edificio predio"),
    _group("current", "energia luz eletricidade eletrica eletrico",
           near="cpfl cemig enel copel light celesc coelba equatorial neoenergia edp energisa"),
    _group("water", "agua", near="esgoto saneamento sabesp copasa sanepar cedae caesb embasa"),
    _group("calls", "telefone telefonia celular", near="vivo claro tim ramal", far="internet"),
    _group("the line to the net", "internet fibra provedor", far="telefone vivo claro"),
    _group("the wage bill", "folha salario ordenado", near="remuneracao holerite",
           far="pessoal funcionario 13 ferias rescisao adiantamento colaborador"),
    _group("people employed", "pessoal equipe funcionario colaborador", far="folha salario clt"),
    _group("what comes on top of wages", "encargo", near="inss fgts gps previdencia trabalhista",
           far="patronal"),
    _group("the social security", "inss gps previdencia"),
    _group("given besides the wage", "beneficio",
           near="valetransporte valerefeicao planosaude vale", far="cesta"),
    _group("meals of the staff", "valerefeicao refeicao", far="vale alimentacao"),
    _group("the way to work", "valetransporte", far="vale"),
    _group("the thirteenth wage", "13 decimoterceiro"),
    _group("the owners' pay", "prolabore", near="retirada", far="socio diretoria"),
    _group("the owners' profit", "lucro dividendo", near="distribuicao retirada", far="socio"),
    _group("money the owners put in", "aporte capital integralizacao", near="socio"),
    _group("learning", "treinamento curso capacitacao especializacao",
           near="congresso seminario palestra workshop"),
    _group("lawyers", "advogado juridico advocacia advocaticio"),
    _group("accountants", "contabilidade contador contabil"),
    _group("advice", "consultoria assessoria"),
    _group("paid to who does the work", "honorario repasse", near="comissao plantao pj",
           far="terceiro prestador servico prestacao profissional"),
    _group("a share of what was sold", "comissao", near="repasse"),
    _group("work of others", "terceiro prestador terceirizado pj", near="tomado freelancer",
           far="servico prestacao"),
    _group("work done for customers", "servico prestacao atendimento"),
    _group("doctors", "medico", near="plantao medica clinico", far="profissional anestesista"),
    _group("taxes", "imposto tributo", near="taxa darf", far="contribuicao"),
    _group("the single tax of small companies", "simples"),
    _group("the city's tax on services", "iss issqn"),
    _group("the tax on buildings", "iptu"),
    _group("fees of authorities", "taxa alvara", near="licenca vistoria ipva cartorio",
           far="vigilancia sanitaria"),
    _group("professional bodies", "conselho associacao sindicato anuidade",
           near="crm cro crf coren crefito crp"),
    _group("what is used up in the work", "material insumo suprimento descartavel",
           near="consumo luva seringa mascara instrumental agulha gaze epi"),
    _group("of hospitals and medicine", "hospitalar medicohospitalar cirurgico",
           far="medico luva seringa descartavel"),
    _group("drugs", "medicamento remedio farmaco", near="vacina anestesico"),
    _group("vaccines", "vacina vacinacao imunizacao", near="aplicacao"),
    _group("goods", "produto mercadoria", near="revenda loja", far="cosmetico dermocosmetico"),
    _group("what is made of something", "materiaprima", near="insumo"),
    _group("making a name", "marketing publicidade propaganda anuncio",
           near="midia divulgacao facebook instagram designer agencia",
           far="comercial brinde grafico"),
    _group("cleaning", "limpeza faxina higiene higienizacao", near="conservacao zeladoria"),
    _group("guarding", "seguranca vigilancia", near="alarme monitoramento portaria cftv"),
    _group("insurance", "seguro", near="apolice seguradora"),
    _group("programs", "sistema software programa licenca saas aplicativo",
           near="assinatura informatica ti computacao", far="tecnologia certificado"),
    _group("computers", "informatica computador ti", near="notebook impressora processamento"),
    _group("data kept by others", "hospedagem armazenamento nuvem", near="dominio servidor"),
    _group("bank charges", "tarifa", near="taxa"),
    _group("banks", "banco bancario", near="ted doc pix", far="financeiro"),
    _group("cards", "cartao maquininha adquirente",
           near="cielo stone getnet pagseguro rede gateway"),
    _group("borrowed money", "emprestimo financiamento", near="amortizacao finame leasing",
           far="parcela"),
    _group("the price of money", "juro", near="encargofinanceiro mora", far="multa"),
    _group("fines", "multa", far="juro atraso"),
    _group("what money earns", "rendimento rentabilidade", near="aplicacao cdb poupanca juro",
           far="financeiro investimento"),
    _group("running the place", "administrativo administracao", near="gestao"),
    _group("paper and pens", "escritorio papelaria expediente",
           near="toner impresso grafica", far="papel"),
    _group("the kitchen", "copa cozinha", near="cafe cafezinho lanche"),
    _group("keeping in order", "manutencao conserto reparo", near="pintura calibracao",
           far="predial imobilizado"),
    _group("of the building", "predial edificio", near="imovel arcondicionado pintura", far="sede"),
    _group("machines", "equipamento maquina aparelho", near="autoclave imobilizado",
           far="ultrassom"),
    _group("furniture", "movel mobilia mobiliario utensilio", far="cadeira mesa"),
    _group("building works", "reforma obra", near="instalacao construcao arquitetura"),
    _group("seeing a patient", "consulta", near="atendimento avaliacao retorno", far="particular"),
    _group("finding out", "exame diagnostico",
           near="ultrassonografia laudo imagem laboratorial raio"),
    _group("laboratories", "laboratorio", near="protese protetico", far="exame analise"),
    _group("done to a patient", "procedimento", near="cirurgia sessao tratamento aplicacao"),
    _group("operations", "cirurgia", near="cirurgico"),
    _group("who pays for the patient", "convenio operadora",
           near="unimed amil hapvida sulamerica cassi geap bradesco planosaude", far="faturamento"),
    _group("what they did not pay", "glosa"),
    _group("by month or package", "mensalidade pacote", near="plano assinatura contrato"),
    _group("refuse", "lixo residuo", near="coleta infectante", far="hospitalar"),
    _group("laundry", "lavanderia lavagem", near="enxoval roupa"),
    _group("making sterile", "esterilizacao", near="autoclave biosseguranca"),
    _group("money given back", "reembolso ressarcimento", near="devolucao estorno"),
    _group("goods given back", "devolucao", near="estorno reembolso"),
    _group("moving goods", "frete", near="transporte entrega carreto", far="correio motoboy"),
    _group("moving people", "transporte", near="mobilidade uber taxi deslocamento"),
    _group("journeys", "viagem", near="hospedagem passagem hotel diaria"),
    _group("presents to customers", "brinde", near="bonificacao"),
    _group("gifts", "doacao", near="caridade"),
    _group("not known yet", "identificar", near="classificar", far="eventual"),
    _group("goods that last", "imobilizado ativo", near="equipamento investimento"),
    _group("clothes for work", "fardamento uniforme"),
    _group("students at work", "estagiario estagio bolsa"),
    _group("cash", "dinheiro caixa especie"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a name.

    Attributes:
        text: without accents, in the singular, written out where it was shortened.
        weight: how much it says: ``de`` nothing (left out), ``despesa`` little.
        open: it was cut short by who wrote it, so that longer words may be meant.
    """

    text: str
    weight: float
    open: bool = False


def plain(text: str) -> str:
    """In small letters, without accents, single-spaced; signs stay."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    kept = "".join(char for char in decomposed if not unicodedata.combining(char))
    return " ".join(kept.split())


@cache
def words_of(text: str) -> tuple[Word, ...]:
    """The words of a name that say something, in their order, each once."""
    found: dict[str, Word] = {}
    for part, weight in (
        (_ASIDE.sub(" ", text), 1.0),
        (" ".join(_ASIDE.findall(text)), _IN_BRACKETS),
    ):
        for token in _joined(_TOKEN.findall(_spelled(part))):
            word = _word(token)
            if word is not None:
                found.setdefault(word.text, replace(word, weight=weight * word.weight))
    return tuple(found.values())


def _spelled(text: str) -> str:
    """In plain letters; the tax DAS, which is a preposition in small letters, by its other name."""
    if not text.isupper() or text.strip() == "DAS":
        text = _TAX.sub("simples", text)
    text = _INITIALS.sub(lambda match: match[0].replace(".", ""), plain(text))
    return _ORDINAL.sub(r"\1", _SHORT.sub(r"\1 ", text).replace("pro-labore", "pro labore"))


@cache
def meanings(word: str) -> Mapping[int, float]:
    """By number of the group, how near the word is to it."""
    return {
        number: group.words[word] for number, group in enumerate(_GROUPS) if word in group.words
    }


def related(one: str, other: str) -> float:
    """How near two words are by meaning: 1 for synonyms, 0 where no group has both."""
    of_one, of_other = meanings(one), meanings(other)
    return max((of_one[group] * of_other[group] for group in of_one.keys() & of_other), default=0.0)


def _joined(tokens: Iterable[str]) -> list[str]:
    """Tokens, phrases that are one word put together."""
    rest, joined = list(tokens), list[str]()
    while rest:
        for length in range(min(_LONGEST_PHRASE, len(rest)), 1, -1):
            phrase = _PHRASES.get(" ".join(rest[:length]))
            if phrase is not None:
                joined.append(phrase)
                del rest[:length]
                break
        else:
            joined.append(rest.pop(0))
    return joined


def _word(token: str) -> Word | None:
    cut = token.endswith(".")
    bare = token.rstrip(".")
    if bare in _SILENT:
        return None
    text = _singular(_SHORTENED.get(bare, bare))
    if text not in _known():
        text = (_written_out(text) if cut else None) or _corrected(text) or text
    return Word(text, _LIGHT.get(text, _LIGHT_DEFAULT), cut and text not in _known())


def _written_out(start: str) -> str | None:
    """The word of the tables that begins so, if it was cut after enough of it."""
    longer = [word for word in _known() if word.startswith(start)]
    return (
        min(longer, key=lambda word: (len(word), word), default=None) if len(start) >= 4 else None
    )


@cache
def _corrected(text: str) -> str | None:
    """The word of the tables that was meant, if it is one written wrongly."""
    if len(text) < _SHORTEST_CORRECTED:
        return None
    found = process.extractOne(text, _long_words(), scorer=fuzz.ratio, score_cutoff=_TYPO)
    return found[0] if found else None


@cache
def _long_words() -> list[str]:
    return sorted(word for word in _known() if len(word) >= _SHORTEST_CORRECTED)


_PLURALS: Final = (
    *(("oes", "ao"), ("aes", "ao"), ("ais", "al"), ("eis", "el"), ("eis", "il"), ("ois", "ol")),
    *(("ns", "m"), ("res", "r"), ("zes", "z"), ("ses", "s"), ("s", "")),
)
_NO_PLURAL: Final = frozenset(_all("ferias iss gas inss pis cofins simples mais"))


@cache
def _known() -> frozenset[str]:
    """Every word of the tables above."""
    return frozenset(word for group in _GROUPS for word in group.words) | frozenset(
        (*_LIGHT, *_SHORTENED.values(), *_PHRASES.values())
    )


def _singular(word: str) -> str:
    """The word in the singular, in the form the tables have if they have one."""
    if word in _known() or word in _NO_PLURAL or len(word) <= 3 or word.endswith("ss"):
        return word
    forms = [
        word.removesuffix(plural) + single for plural, single in _PLURALS if word.endswith(plural)
    ] or [word]
    masculine = [form[:-1] + "o" for form in forms if form.endswith("a")]
    for form in (*forms, *masculine):
        if form in _known():
            return form
    return forms[0]
