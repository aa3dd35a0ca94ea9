"""One process that draws PDFs and does nothing else; started by `benchmarks.bulk`, told to go by a line."""

from __future__ import annotations

import sys

from core.tenancy import in_company
from invoicing.document_view import document_view
from invoicing.einvoice_xml import xml_of
from invoicing.render_pdf import issued_pdf
from wsgi import create_app


def main(company_id: int, document_ids: list[int]) -> None:
    """Read the documents, draw one to be warm, then draw all of them each time a line comes."""
    with create_app().app_context(), in_company(company_id):
        prepared = []
        for document_id in document_ids:
            xml = xml_of(document_id)
            assert xml is not None
            prepared.append((document_view(document_id), xml.content))
        issued_pdf(*prepared[0])
        print("ready", flush=True)
        for _ in sys.stdin:
            for view, einvoice in prepared:
                issued_pdf(view, einvoice)
            print("ready", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), [int(argument) for argument in sys.argv[2:]])
