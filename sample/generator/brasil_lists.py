"""Fixed lists of the demo clinic: payment methods, suppliers, expenses, goods, councils."""

from __future__ import annotations

FORMAS_PAGAMENTO = (
    ("CASH", "Dinheiro", "DIN", "9100000001"),
    ("CC", "Cartão de crédito", "CRC", "9100000003"),
    ("CHECK", "Cheque", "CHQ", "9100000002"),
    ("ECHECK", "Transferência", "TRA", "9100000002"),
    ("COPAY", "Pix", "PIX", "9100000002"),
    ("BOLETO", "Boleto", "BOL", "9100000002"),
)
FORNECEDORES = (
    ("Cirúrgica Paulista Materiais Hospitalares Ltda", "Cirúrgica Paulista"),
    ("Imobiliária Alto da Serra Ltda", "Alto da Serra"),
    ("Companhia de Energia do Planalto S.A.", "Energia do Planalto"),
    ("Distribuidora de Medicamentos Boa Vida Ltda", "Boa Vida"),
    ("Limpeza Total Serviços Ltda", "Limpeza Total"),
    ("Conecta Telecomunicações S.A.", "Conecta"),
)
ALPHANUMERIC_SUPPLIER = 5
DESPESAS = (
    # supplier, description, category, payment method, day, value in cents, spread in cents
    (2, "Aluguel da clínica", "2.02.02", "ECHECK", 5, 850_000, 0),
    (3, "Energia elétrica", "2.02.01", "BOLETO", 12, 98_000, 25_000),
    (5, "Limpeza", "2.02.01", "COPAY", 10, 160_000, 0),
    (6, "Internet e telefone", "2.02.01", "BOLETO", 15, 39_990, 0),
)
PRODUTOS = (
    # product, purchase price in cents, selling price in cents
    ("Luvas de procedimento, caixa com 100", 2_890, 4_500),
    ("Máscara cirúrgica, caixa com 50", 1_250, 2_490),
    ("Protetor solar FPS 60", 4_120, 7_990),
    ("Álcool 70 %, 1 litro", 690, 1_290),
    ("Suplemento de vitamina D", 2_310, 4_990),
    ("Órtese de punho", 3_980, 7_500),
)

COUNCILS = {
    "NURSE PRACTITIONER": "COREN",
    "PHYSICAL THERAPY": "CREFITO",
    "AUDIOLOGIST": "CREFONO",
    "CLINICAL PSYCHOLOGIST": "CRP",
    "CLINICAL SOCIAL WORKER": "CRESS",
    "OPTOMETRY": "CROO",
}
