// Starts the behaviours of a page. Each module looks for its own data attributes; a page without them pays nothing.
import { startThemeSwitch } from "./theme.mjs";
import { startForms } from "./forms.mjs";
import { startCopy } from "./copy.mjs";
import { startLines } from "./lines.mjs";
import { startItems } from "./items.mjs";
import { startTexts } from "./texts.mjs";
import { startLiveTotals } from "./live_totals.mjs";
import { startPoll } from "./poll.mjs";
import { startGuards } from "./guards.mjs";
import { startInsert } from "./insert.mjs";
import { startPicks } from "./picks.mjs";
import { startSums } from "./sums.mjs";
import { startTabs } from "./tabs.mjs";

document.documentElement.classList.add("scripted");
startThemeSwitch(document);
startForms(document);
startCopy(document);
startLines(document);
startItems(document);
startTexts(document);
startLiveTotals(document);
startPoll(document);
startGuards(document);
startPicks(document);
startSums(document);
startTabs(document);
startInsert(document);
