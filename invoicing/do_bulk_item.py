"""Does the next document of an action on many: one transaction for the work and the mark that it is done.

Called by the sweep `work_bulk_runs`. The run is locked first, so that two workers take turns and the order is kept:
numbers follow the calendar. Whoever dies meanwhile has neither done the work nor marked it.
"""

from __future__ import annotations

from core.database import db
from invoicing.bulk_items import locked_item
from invoicing.errors import InvalidInputError
from invoicing.issue_invoice import issue_invoice
from invoicing.locked_documents import locked_document
from invoicing.models import BulkAction, BulkItemState, BulkRun, Document
from invoicing.send_to_contacts import NO_RECIPIENT, is_reachable, send_to_contacts
from invoicing.sending_status import was_sent


def do_bulk_item(run_id: int, item_id: int) -> None:
    """Do what was ordered to the document of one waiting item; one that is done already stays as it is.

    Raises:
        SoldeError: it cannot be done; says in words what to mend. Nothing was done then, not even in part.
    """
    item = locked_item(run_id, item_id)
    if item is None:
        return
    run = db.session.get_one(BulkRun, run_id)
    document = locked_document(item.document_id)
    if run.action is BulkAction.SEND:
        _send(run, document)
    else:
        document = issue_invoice(document.id, actor_id=run.created_by_id)
        if run.action is BulkAction.ISSUE_AND_SEND and not was_sent(document.id):
            send_to_contacts(document, actor_id=run.created_by_id)
    item.state = BulkItemState.DONE
    db.session.flush()


def _send(run: BulkRun, document: Document) -> None:
    if not is_reachable(document.customer_id):
        raise InvalidInputError({"customer_id": NO_RECIPIENT})
    if not was_sent(document.id):  # by a person, since it was ordered
        key = f"bulk-{run.id}-{document.id}"
        send_to_contacts(document, request_key=key, actor_id=run.created_by_id)
