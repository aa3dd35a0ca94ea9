// Follows what happens elsewhere (a payment arriving) without a reload.
//   <div data-poll="/invoices/7/state.json" data-poll-state="open" data-poll-seconds="3"> asks a small JSON address:
//   {"state": "paid", "final": true}. When `state` differs, the page is fetched again and every element with
//   data-live and an id is replaced by its new self. `final` ends the asking; `url`, where it is not empty, is the page
//   that shows what came of it, and is gone to. Waits grow to 30 s and begin again short with
// each piece of news; a hidden tab asks nothing. A request that fails or hangs (a line that broke, a download that was
// begun meanwhile) is one answer less, never the end of the asking.

const LONGEST_S = 30;
const PATIENCE_MS = 10_000;

async function got(url, accept, read) {
  try {
    const options = { headers: { Accept: accept }, credentials: "same-origin", signal: AbortSignal.timeout(PATIENCE_MS) };
    const answer = await fetch(url, options);
    return answer.ok ? await read(answer) : null;
  } catch {
    return null;
  }
}

const ask = (url) => got(url, "application/json", (answer) => answer.json());

async function redraw() {
  const text = await got(location.href, "text/html", (answer) => answer.text());
  if (text === null) return false;
  const fresh = new DOMParser().parseFromString(text, "text/html");
  for (const part of document.querySelectorAll("[data-live][id]")) {
    const next = fresh.getElementById(part.id);
    if (next) part.replaceWith(document.adoptNode(next));
  }
  return true;
}

function whenVisible() {
  if (!document.hidden) return Promise.resolve();
  return new Promise((done) => {
    const look = () => {
      if (document.hidden) return;
      document.removeEventListener("visibilitychange", look);
      done();
    };
    document.addEventListener("visibilitychange", look);
  });
}

const wait = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000));

async function follow(element) {
  const url = element.dataset.poll;
  const shortest = Number(element.dataset.pollSeconds ?? 3);
  let state = element.dataset.pollState;
  let seconds = shortest;
  for (;;) {
    await wait(seconds);
    await whenVisible();
    const answer = await ask(url);
    if (answer?.url) {
      location.replace(answer.url);
      return;
    }
    const isNews = Boolean(answer) && answer.state !== state;
    if (isNews && (await redraw())) state = answer.state;
    if (answer?.final && answer.state === state) return;
    seconds = isNews ? shortest : Math.min(seconds * 1.15, LONGEST_S);
  }
}

export function startPoll(root) {
  for (const element of root.querySelectorAll("[data-poll]")) follow(element);
}
