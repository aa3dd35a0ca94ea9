// Follows what happens elsewhere (a payment arriving) without a reload.
//   <div data-poll="/invoices/7/state.json" data-poll-state="open" data-poll-seconds="3"> asks a small JSON address:
//   {"state": "paid", "final": true}. When `state` differs, the page is fetched again and every element with
//   data-live and an id is replaced by its new self. `final` ends the asking. Waits grow to 30 s; a hidden tab asks nothing.

const LONGEST_S = 30;

async function redraw() {
  const answer = await fetch(location.href, { credentials: "same-origin" });
  if (!answer.ok) return false;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
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

async function ask(url) {
  try {
    const answer = await fetch(url, { headers: { Accept: "application/json" }, credentials: "same-origin" });
    return answer.ok ? await answer.json() : null;
  } catch {
    return null;
  }
}

async function follow(element) {
  const url = element.dataset.poll;
  let state = element.dataset.pollState;
  let seconds = Number(element.dataset.pollSeconds ?? 3);
  for (;;) {
    await wait(seconds);
    await whenVisible();
    const answer = await ask(url);
    if (answer && answer.state !== state && await redraw()) state = answer.state;
    if (answer?.final && answer.state === state) return;
    seconds = Math.min(seconds * 1.15, LONGEST_S);
  }
}

export function startPoll(root) {
  for (const element of root.querySelectorAll("[data-poll]")) follow(element);
}
