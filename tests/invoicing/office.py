"""A company on one engine and many windows on it: what tests of two people at the same moment act through."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Flask
from sqlalchemy import func, select

from accounting.ledger_checks import check_ledger
from core.database import db, transaction
from core.errors import SoldeError
from core.tenancy import in_company


@dataclass
class Office:
    """A company on one engine, and many windows on it."""

    app: Flask
    company_id: int
    refused: tuple[type[BaseException], ...] = (SoldeError,)

    def alone(self, act: Callable[[], Any]) -> Any:
        with self.app.app_context(), in_company(self.company_id), transaction():
            done = act()
            return done.id if hasattr(done, "id") else done

    def at_once(self, *acts: Callable[[], Any]) -> list[Any]:
        """What each got: the id of its row, or the refusal. Anything else fails the test."""
        together = threading.Barrier(len(acts))
        got: list[Any] = [None] * len(acts)

        def one(index: int) -> None:
            with self.app.app_context(), in_company(self.company_id):
                together.wait(timeout=30)
                try:
                    with transaction():
                        done = acts[index]()
                        got[index] = getattr(done, "id", done)
                except BaseException as error:  # noqa: BLE001  # the test looks at it
                    got[index] = error
                finally:
                    db.session.remove()

        threads = [threading.Thread(target=one, args=(index,)) for index in range(len(acts))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        unforeseen = [found for found in got if not isinstance(found, (int, *self.refused))]
        assert unforeseen == []
        return got

    def count(self, model: type[Any], *conditions: Any) -> int:
        return self.alone(lambda: db.session.scalar(select(func.count(model.id)).where(*conditions)))

    def is_sound(self) -> bool:
        return self.alone(lambda: check_ledger() == [])
