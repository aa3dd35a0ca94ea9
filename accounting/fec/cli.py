"""`solde fec check`, and the group that `accounting.cli` adds `fec export` to; `accounting.wiring` registers it."""

import json
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import click
from flask.cli import AppGroup
from flask_babel import force_locale, gettext, ngettext

from accounting.fec.check import OPENING_JOURNAL, check_fec
from accounting.fec.findings import FecReport, Finding, Parameters, Verdict
from accounting.fec.format import amount_text
from accounting.fec.rules import N_, Severity
from core.progress import counted, terminal_bar

fec = AppGroup("fec", help="Accounting entries file (FEC): export and check.")

_SEVERITY_NAMES = {
    Severity.ERROR: N_("Error"),
    Severity.WARNING: N_("Warning"),
    Severity.INFO: N_("Information"),
}
NUMBERING_NAMES = {
    "file": N_("one sequence for the file"),
    "journal": N_("one sequence per journal"),
    "prefix": N_("one sequence per prefix"),
}
_VERDICTS = {
    Verdict.RIGHT: N_("The file is right."),
    Verdict.FAULTY: N_("The file is faulty."),
    Verdict.UNREADABLE: N_("The file cannot be read as a FEC."),
}


@fec.command("check")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Write the report as JSON.")
@click.option(
    "--lang", type=click.Choice(["fr", "en"]), default="fr", show_default=True, help="Language of the report."
)
@click.option(
    "--year-start",
    type=click.DateTime(["%Y-%m-%d"]),
    help="First day of the financial year; by default at most 24 months before its end.",
)
@click.option(
    "--opening-journal",
    default=OPENING_JOURNAL,
    show_default=True,
    help="Code of the journal of opening entries; one that is called so is known by its label.",
)
def check_command(
    file: Path, *, as_json: bool, lang: str, year_start: datetime | None, opening_journal: str
) -> None:
    """Check FILE more strictly than the tax office's own checker.

    Exit status: 0 the file is right, 1 it is faulty, 2 it cannot be read.
    """
    report = _checked(file, _as_date(year_start), opening_journal)
    with force_locale(lang):
        if as_json:
            click.echo(json.dumps(report.as_dict(translated), ensure_ascii=False, indent=2))
        else:
            for line in report_lines(report):
                click.echo(line)
    raise SystemExit(report.verdict.exit_code)


def _checked(file: Path, year_start: date | None, opening_journal: str) -> FecReport:
    """Check with a bar on stderr where somebody looks on."""
    try:
        size = file.stat().st_size
        stream = file.open("rb")
    except OSError:
        return check_fec(file)
    with stream, terminal_bar(file.name) as progress:
        read = counted(stream, size, progress)
        return check_fec(read, file.name, year_start=year_start, opening_journal=opening_journal)


def _as_date(moment: datetime | None) -> date | None:
    return moment.date() if moment else None


def translated(message: str, parameters: Parameters) -> str:
    """A message of the checker in the current language."""
    return str(gettext(message, **parameters))


def report_lines(report: FecReport) -> Iterator[str]:
    """The report as lines of text in the current language: what was read, the findings, the verdict."""
    yield report.file_name
    if report.line_count:
        yield from _summary(report)
    yield ""
    for finding in report.findings:
        yield _finding_line(finding)
    for rule, count in report.counts.items():
        shown = sum(finding.rule is rule for finding in report.findings)
        if count > shown:
            hidden = gettext("… and %(count)d more of the rule %(rule)s", count=count - shown, rule=rule.code)
            yield f"  {hidden}"
    if report.findings:
        yield ""
    yield _verdict_line(report)


def _summary(report: FecReport) -> Iterator[str]:
    yield gettext(
        "%(lines)d lines, %(entries)d entries, %(encoding)s", lines=report.line_count, entries=report.entry_count,
        encoding=report.encoding,
    )  # fmt: skip
    yield gettext(
        "Debit %(debit)s, credit %(credit)s",
        debit=amount_text(report.debit_cents),
        credit=amount_text(report.credit_cents),
    )
    if report.opening_cents:
        yield gettext("Opening entries: %(amount)s", amount=amount_text(report.opening_cents))
    else:
        yield gettext("No opening entries: right in a first financial year only")
    if report.numbering:
        yield gettext("Numbering: %(kind)s", kind=gettext(NUMBERING_NAMES[report.numbering]))


def _finding_line(finding: Finding) -> str:
    """`Error, line 12, Debit: “12.00” must be …  [number-dot]`."""
    place = [gettext(_SEVERITY_NAMES[finding.rule.severity])]
    if finding.line:
        place.append(gettext("line %(line)d", line=finding.line))
    if finding.column:
        place.append(finding.column)
    sentence = finding.sentence(translated)
    return (
        str(gettext("%(place)s: %(sentence)s", place=", ".join(place), sentence=sentence))
        + f"  [{finding.rule.code}]"
    )


def _verdict_line(report: FecReport) -> str:
    errors = report.total(Severity.ERROR)
    warnings = report.total(Severity.WARNING)
    return " ".join(
        [
            gettext(_VERDICTS[report.verdict]),
            ngettext("%(num)d error,", "%(num)d errors,", errors),
            ngettext("%(num)d warning.", "%(num)d warnings.", warnings),
        ]
    )
