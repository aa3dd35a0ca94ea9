"""Each posting rule as a small story with the entry an accountant expects."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from accounting.advance_rules import advance_credit
from accounting.drafts import KeyStanding, PostedCollection, PostedShare, Standing
from accounting.facts import (
    AdvanceCreditFact,
    CollectionFact,
    CollectionReversalFact,
    CollectionState,
    CreditUseFact,
    DeductedDeposit,
    SaleFact,
    SaleLine,
    Share,
    SupplyKind,
    ThirdParty,
    Treasury,
    VatRegime,
)
from accounting.posting_rules import collection, collection_reversal, credit_use, sale
from accounting.roles import JournalCode
from tests.accounting.scheme import lines, scheme

DUPONT = ThirdParty("C00001", "Dupont SARL")
MARCH_1, MARCH_9 = date(2026, 3, 1), date(2026, 3, 9)
SERVICE, GOODS = SupplyKind.SERVICE, SupplyKind.GOODS
NOTHING = Standing()


def invoice(*sale_lines: SaleLine, regime: VatRegime = VatRegime.COLLECTION, rounding: int = 0) -> SaleFact:
    total = sum(line.net_cents + line.vat_cents for line in sale_lines) + rounding
    return SaleFact(
        source=("document", 1),
        is_credit=False,
        number="F-2026-0001",
        issue_date=MARCH_1,
        third_party=DUPONT,
        lines=sale_lines,
        regime=regime,
        shares=(Share("invoice:1", total),) if total else (),
        rounding_cents=rounding,
    )


def credit_note(of: SaleFact, state: CollectionState, *shares: Share) -> SaleFact:
    return replace(
        of, source=("document", 2), is_credit=True, number="A-2026-0001", shares=shares, collection=(state,)
    )


def waiting(cents: dict[int, int]) -> Standing:
    return Standing({"invoice:1": KeyStanding(None, None, cents)})


SERVICES_120 = SaleLine(SERVICE, 2000, 100_00, 20_00)
GOODS_110 = SaleLine(GOODS, 1000, 100_00, 10_00)


def test_goods_at_two_rates_owe_their_vat_at_once():
    entry = sale(invoice(SaleLine(GOODS, 2000, 100_00, 20_00), GOODS_110), NOTHING)
    assert scheme(entry) == lines("""
        D 411000 C00001 230,00
        C 707000 100,00
        C 707000 100,00
        C 445711 20,00
        C 445712 10,00
    """)
    assert entry is not None
    assert (entry.journal, entry.day, entry.piece_ref) == (JournalCode.SALES, MARCH_1, "F-2026-0001")
    assert entry.label == "Facture F-2026-0001 Dupont SARL"


def test_the_vat_of_services_waits_for_collection():
    assert scheme(sale(invoice(SERVICES_120), NOTHING)) == lines("""
        D 411000 C00001 120,00
        C 706000 100,00
        C 445740 20,00
    """)


def test_under_the_option_for_debits_the_vat_of_services_is_owed_at_once():
    assert scheme(sale(invoice(SERVICES_120, regime=VatRegime.DEBITS), NOTHING)) == lines("""
        D 411000 C00001 120,00
        C 706000 100,00
        C 445711 20,00
    """)


def test_goods_and_services_on_one_invoice_part_ways():
    assert scheme(sale(invoice(SERVICES_120, GOODS_110), NOTHING)) == lines("""
        D 411000 C00001 230,00
        C 706000 100,00
        C 707000 100,00
        C 445740 20,00
        C 445712 10,00
    """)


def test_exempt_sales_have_no_line_of_zero_vat():
    assert scheme(sale(invoice(SaleLine(SERVICE, 0, 50_00, 0)), NOTHING)) == lines("""
        D 411000 C00001 50,00
        C 706000 50,00
    """)


def test_a_return_on_an_invoice_stands_on_the_other_side():
    assert scheme(sale(invoice(GOODS_110, SaleLine(GOODS, 2000, -20_00, -4_00)), NOTHING)) == lines("""
        D 411000 C00001 86,00
        C 707000 100,00
        D 707000 20,00
        C 445712 10,00
        D 445711 4,00
    """)


def test_a_total_that_no_net_amount_gives_is_reached_by_a_rounding_line():
    up = sale(invoice(SaleLine(GOODS, 2000, 83_33, 16_66), rounding=1), NOTHING)
    assert scheme(up).endswith("C 758000 0,01")
    down = sale(invoice(SaleLine(GOODS, 2000, 83_33, 16_67), rounding=-1), NOTHING)
    assert scheme(down).endswith("D 658000 0,01")


def test_the_credit_note_of_a_rounded_invoice_meets_the_same_rounding_account():
    fact = invoice(SaleLine(GOODS, 2000, 83_33, 16_66), rounding=1)
    state = CollectionState("invoice:1", 0, 0, ())
    entry = sale(credit_note(fact, state, Share("invoice:1", 100_00)), NOTHING)
    assert scheme(entry) == lines("""
        C 411000 C00001 100,00
        D 707000 83,33
        D 445711 16,66
        D 758000 0,01
    """)


def test_a_document_of_zeros_makes_no_entry():
    assert sale(invoice(SaleLine(SERVICE, 2000, 0, 0)), NOTHING) is None


def test_a_document_on_which_nothing_is_owed_still_owes_its_vat():
    # A sale at 20 % offset by one without VAT: no customer line, the VAT is due and does not wait for a payment.
    entry = sale(invoice(SERVICES_120, SaleLine(SERVICE, 0, -120_00, 0)), NOTHING)
    assert scheme(entry) == lines("""
        C 706000 100,00
        D 706000 120,00
        C 445711 20,00
    """)


def test_crediting_an_unpaid_invoice_undoes_it_line_by_line():
    fact = invoice(SERVICES_120, GOODS_110)
    state = CollectionState("invoice:1", 0, 0, ((2000, 0),))
    entry = sale(credit_note(fact, state, Share("invoice:1", 230_00)), waiting({2000: 20_00}))
    assert scheme(entry) == lines("""
        C 411000 C00001 230,00
        D 706000 100,00
        D 707000 100,00
        D 445740 20,00
        D 445712 10,00
    """)
    assert entry is not None
    assert entry.label == "Avoir A-2026-0001 Dupont SARL"


def test_crediting_a_paid_invoice_takes_the_vat_back_that_was_due():
    state = CollectionState("invoice:1", 0, 0, ((2000, 0),))
    entry = sale(
        credit_note(invoice(SERVICES_120), state, Share("credit_note:2", 120_00)), waiting({2000: 0})
    )
    assert scheme(entry) == lines("""
        C 411000 C00001 120,00
        D 706000 100,00
        D 445711 20,00
    """)


def test_crediting_an_invoice_paid_by_half_takes_back_half_of_the_vat_from_each_side():
    state = CollectionState("invoice:1", 0, 0, ((2000, 0),))
    shares = (Share("invoice:1", 60_00), Share("credit_note:2", 60_00))
    entry = sale(credit_note(invoice(SERVICES_120), state, *shares), waiting({2000: 10_00}))
    assert scheme(entry) == lines("""
        C 411000 C00001 60,00
        C 411000 C00001 60,00
        D 706000 100,00
        D 445740 10,00
        D 445711 10,00
    """)


def test_a_partial_credit_note_makes_the_vat_of_what_was_paid_due_on_the_rest():
    # 100 + 20 % and 100 + 10 %; 110 of 230 paid moved 9.57 + 4.78; then the 20 % line is credited in full.
    fact = replace(invoice(SERVICES_120), shares=())
    state = CollectionState("invoice:1", 110_00, 110_00, ((2000, 0), (1000, 10_00)))
    standing = waiting({2000: 20_00 - 9_57, 1000: 10_00 - 4_78})
    entry = sale(credit_note(fact, state, Share("invoice:1", 120_00)), standing)
    assert scheme(entry) == lines("""
        C 411000 C00001 120,00
        D 706000 100,00
        D 445740 10,43
        D 445740 5,22
        D 445711 9,57
        C 445712 5,22
    """)


def test_a_payment_in_part_makes_its_part_of_the_vat_due():
    fact = CollectionFact(
        source=("payment", 7),
        treasury=Treasury.BANK,
        paid_on=MARCH_9,
        reference="VIR 42",
        third_party=DUPONT,
        shares=(Share("invoice:1", 40_00),),
        collection=(CollectionState("invoice:1", 120_00, 40_00, ((2000, 20_00),)),),
    )
    entry = collection(fact, waiting({2000: 20_00}))
    assert scheme(entry) == lines("""
        D 512000 40,00
        C 411000 C00001 40,00
        D 445740 6,67
        C 445711 6,67
    """)
    assert (entry.journal, entry.day, entry.piece_ref) == (JournalCode.BANK, MARCH_9, "VIR 42")


def test_each_way_of_paying_has_its_account_and_journal():
    def paid(treasury: Treasury) -> tuple[str, JournalCode | int]:
        fact = CollectionFact(("payment", 7), treasury, MARCH_9, "R", DUPONT, (Share("invoice:1", 40_00),))
        entry = collection(fact, NOTHING)
        return scheme(entry).splitlines()[0], entry.journal

    assert paid(Treasury.BANK) == ("D 512000 40,00", JournalCode.BANK)
    assert paid(Treasury.CHEQUES) == ("D 511200 40,00", JournalCode.BANK)
    assert paid(Treasury.CASH) == ("D 530000 40,00", JournalCode.CASH)
    assert paid(Treasury.PAYPLUG) == ("D 512500 40,00", JournalCode.WALLET)


def test_a_surplus_has_a_customer_line_of_its_own():
    fact = CollectionFact(
        source=("payment", 7),
        treasury=Treasury.PAYPLUG,
        paid_on=MARCH_9,
        reference="pay_123",
        third_party=DUPONT,
        shares=(Share("invoice:1", 120_00), Share("payment:7", 30_00)),
        collection=(CollectionState("invoice:1", 120_00, 120_00, ((2000, 20_00),)),),
    )
    entry = collection(fact, waiting({2000: 20_00}))
    assert scheme(entry) == lines("""
        D 512500 150,00
        C 411000 C00001 120,00
        C 411000 C00001 30,00
        D 445740 20,00
        C 445711 20,00
    """)
    assert [line.match_key for line in entry.lines] == ["", "invoice:1", "payment:7", "invoice:1", ""]


def test_a_payment_without_a_reference_is_named_by_its_record():
    fact = CollectionFact(("payment", 7), Treasury.CASH, MARCH_9, " ", DUPONT, (Share("invoice:1", 1),))
    assert collection(fact, NOTHING).piece_ref == "REG000007"


def test_a_payment_taken_back_is_mirrored_and_its_vat_waits_again():
    fact = CollectionReversalFact(
        source=("reversal", 3),
        reverses=("payment", 7),
        reversed_on=MARCH_9,
        reference="VIR 42",
        collection=(CollectionState("invoice:1", 120_00, 0, ((2000, 20_00),)),),
    )
    posted = PostedCollection(
        entry_id=5,
        journal_id=9,
        treasury_account_id=512,
        label="Encaissement VIR 42 Dupont SARL",
        shares=(
            PostedShare(50, 411, "invoice:1", DUPONT, 120_00),
            PostedShare(51, 411, "payment:7", DUPONT, 30_00),
        ),
    )
    entry = collection_reversal(fact, posted, waiting({2000: 0}))
    assert scheme(entry) == lines("""
        D #411 C00001 120,00
        D #411 C00001 30,00
        C #512 150,00
        C 445740 20,00
        D 445711 20,00
    """)
    assert (entry.journal, entry.reverses_id) == (9, 5)
    assert entry.label == "Annulation Encaissement VIR 42 Dupont SARL"


def test_using_a_surplus_splits_it_on_the_customer_account():
    fact = CreditUseFact(
        source=("settlement", 12),
        used_on=MARCH_9,
        reference="F-2026-0002",
        third_party=DUPONT,
        surplus_key="payment:7",
        surplus_cents=30_00,
        shares=(Share("invoice:1", 12_00), Share("payment:7#2", 18_00)),
        collection=(CollectionState("invoice:1", 12_00, 12_00, ((2000, 2_00),)),),
    )
    entry = credit_use(fact, waiting({2000: 2_00}))
    assert scheme(entry) == lines("""
        D 411000 C00001 30,00
        C 411000 C00001 12,00
        C 411000 C00001 18,00
        D 445740 2,00
        C 445711 2,00
    """)
    assert entry.journal is JournalCode.GENERAL


def test_what_is_open_stays_on_the_accounts_it_was_posted_on():
    fact = CollectionFact(
        ("payment", 7),
        Treasury.BANK,
        MARCH_9,
        "VIR",
        DUPONT,
        (Share("invoice:1", 120_00), Share("payment:7", 1_00)),
        (CollectionState("invoice:1", 120_00, 120_00, ((2000, 20_00),)),),
    )
    standing = Standing({"invoice:1": KeyStanding(77, 88, {2000: 20_00})})
    assert scheme(collection(fact, standing)) == lines("""
        D 512000 121,00
        C #77 C00001 120,00
        C 411000 C00001 1,00
        D #88 20,00
        C 445711 20,00
    """)


# Of a deposit that is booked when it is paid the books have what was paid, on 4191 and 4458.
DEPOSIT = DeductedDeposit("F-2026-0007", "advance:7", "invoice:7", 120_00, ((2000, 20_00),), 100_00)


def final(*deposits: DeductedDeposit, deducted: int = 100_00) -> SaleFact:
    """1 000 of services less deposits at 20 %; 1 080 remain."""
    vat = deducted // 5
    return replace(
        invoice(
            SaleLine(SERVICE, 2000, 1000_00, 200_00), SaleLine(SERVICE, 2000, -deducted, -vat, is_deposit=True)
        ),
        deposits=deposits,
    )  # fmt: skip


def test_a_deposit_booked_when_paid_stands_on_4191_and_its_vat_on_4458():
    state = CollectionState("advance:7", 120_00, 60_00, ((2000, 20_00),), is_advance=True)
    fact = CollectionFact(
        ("payment", 8), Treasury.BANK, MARCH_9, "VIR", DUPONT,
        (Share("advance:7", 60_00, is_advance=True), Share("payment:8", 5_00)), (state,),
    )  # fmt: skip
    assert scheme(collection(fact, NOTHING)) == lines("""
        D 512000 65,00
        C 419100 C00001 60,00
        C 411000 C00001 5,00
        D 445880 10,00
        C 445711 10,00
    """)


def test_a_final_invoice_makes_such_a_deposit_a_receivable():
    paid = Standing({"advance:7": KeyStanding(41, 44, {2000: -10_00}, -60_00)})
    assert scheme(sale(final(DEPOSIT), paid)) == lines("""
        D 411000 C00001 1080,00
        C 706000 1000,00
        C 445740 180,00
        D 411000 C00001 120,00
        C 411000 C00001 60,00
        D #41 C00001 60,00
        C 445740 10,00
        C #44 10,00
    """)
    # Nothing of it was paid: it is owed whole, all its VAT waits.
    assert scheme(sale(final(DEPOSIT), NOTHING)) == lines("""
        D 411000 C00001 1080,00
        C 706000 1000,00
        C 445740 180,00
        D 411000 C00001 120,00
        C 445740 20,00
    """)


def test_beside_a_deposit_that_was_booked_when_it_was_issued():
    paid = Standing({"advance:7": KeyStanding(None, None, {2000: -20_00}, -120_00)})
    assert scheme(sale(final(DEPOSIT, deducted=150_00), paid)) == lines("""
        D 411000 C00001 1020,00
        D 419100 50,00
        C 706000 1000,00
        C 445740 170,00
        D 411000 C00001 120,00
        C 411000 C00001 120,00
        D 419100 C00001 120,00
        C 445880 20,00
    """)


def test_the_note_that_frees_it_takes_back_what_is_paid_and_due_then():
    fact = final(DEPOSIT)
    state = CollectionState("invoice:1", 0, 0, ((2000, 0),))
    # 90 of the deposit are paid by now: 30 are owed, 5 of VAT wait.
    standing = Standing({
        "invoice:1": KeyStanding(None, None, {2000: 180_00}, 1080_00),
        "invoice:7": KeyStanding(None, None, {2000: 5_00}, 30_00),
        "advance:7": KeyStanding(41, 44),
    })  # fmt: skip
    assert scheme(sale(credit_note(fact, state, Share("invoice:1", 1080_00)), standing)) == lines("""
        C 411000 C00001 1080,00
        D 706000 1000,00
        D 445740 180,00
        C 411000 C00001 120,00
        D 411000 C00001 90,00
        C #41 C00001 90,00
        D 445740 5,00
        D #44 15,00
    """)


def test_a_note_of_such_a_deposit_moves_what_was_paid_of_it_alone():
    state = CollectionState("advance:7", 60_00, 60_00, ((2000, 10_00),), is_advance=True)
    standing = Standing({"advance:7": KeyStanding(41, 44, {2000: -20_00}, -120_00)})
    fact = AdvanceCreditFact(
        ("document", 9), "A-2026-0002", MARCH_9, DUPONT, Share("advance:7", 60_00, is_advance=True),
        "credit_note:9", (state,),
    )  # fmt: skip
    assert scheme(advance_credit(fact, standing)) == lines("""
        D #41 C00001 60,00
        C 411000 C00001 60,00
        C #44 10,00
        D 445711 10,00
    """)
    unpaid = replace(
        fact, advance=Share("advance:7", 0, is_advance=True), collection=(replace(state, collected_cents=0),)
    )
    assert advance_credit(unpaid, NOTHING) is None
