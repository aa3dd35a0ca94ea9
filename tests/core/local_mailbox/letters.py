"""Messages as the product sends them, and a real SMTP conversation to send them with."""

import smtplib
from email.message import EmailMessage
from urllib.parse import urlsplit

PDF = b"%PDF-1.7\n% an invoice\n%%EOF\n"
PIXEL = bytes.fromhex(
    "47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b"
)


def letter(
    subject: str = "Votre facture F2026-0001",
    to: str = "Camille Durand <camille@client.example.org>",
    message_id: str = "<invoice-1@example.org>",
) -> EmailMessage:
    """An invoice's e-mail: text, HTML with a picture and a link, a PDF."""
    message = EmailMessage()
    message["From"] = "Atelier Démo <factures@atelier.example.org>"
    message["To"] = to
    message["Subject"] = subject
    message["Message-ID"] = message_id
    message.set_content("Bonjour,\n\nPour payer : https://solde.example.org/p/abc123.\n\nÀ bientôt")
    html = (
        '<html><body><p>Bonjour,</p><img src="cid:logo" alt="Atelier Démo">'
        '<p style="color: teal"><a href="https://solde.example.org/p/abc123">Payer 120,00 €</a></p>'
        "<script>document.body.innerHTML = 'script'</script></body></html>"
    )
    message.add_alternative(html, subtype="html")
    html_part = message.get_body(("html",))
    assert html_part
    html_part.add_related(PIXEL, "image", "gif", cid="<logo>")
    message.add_attachment(PDF, maintype="application", subtype="pdf", filename="F2026-0001 réglée.pdf")
    message.add_attachment(
        b"<script>alert(1)</script>", maintype="text", subtype="html", filename="page.html"
    )
    return message


def send(smtp_url: str, *messages: EmailMessage, recipients: list[str] | None = None) -> None:
    """Send in one conversation, as smtplib does; raises what smtplib raises."""
    where = urlsplit(smtp_url)
    assert where.hostname
    assert where.port
    with smtplib.SMTP(where.hostname, where.port, timeout=10) as smtp:
        for message in messages:
            smtp.send_message(message, to_addrs=recipients)
