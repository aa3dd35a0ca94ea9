// Totals while typing, computed by the server (one place rounds, the page never does).
//   <form data-totals-url="/invoices/totals"> is posted when it changes; the answer is HTML
//   that replaces the inside of [data-totals] in the form. Each <template data-totals-for="lines-0-total"> in it
//   fills the element of that id outside.

const WAIT_MS = 250;

function place(form, html) {
  const answer = document.createElement("template");
  answer.innerHTML = html;
  for (const part of answer.content.querySelectorAll("template[data-totals-for]")) {
    document.getElementById(part.dataset.totalsFor)?.replaceChildren(part.content);
    part.remove();
  }
  form.querySelector("[data-totals]").replaceChildren(answer.content);
}

function follow(form) {
  let timer;
  let running;
  async function refresh() {
    running?.abort();
    running = new AbortController();
    // Files say nothing about totals, and would travel at every key stroke.
    const body = new FormData(form);
    for (const field of form.querySelectorAll("input[type=file]")) body.delete(field.name);
    try {
      const answer = await fetch(form.dataset.totalsUrl, {
        method: "POST", body, signal: running.signal, credentials: "same-origin",
      });
      if (answer.ok) place(form, await answer.text());
    } catch (error) {
      // A later key stroke replaced this request, or the network is away: the last totals stay.
      if (error.name !== "AbortError" && !(error instanceof TypeError)) throw error;
    }
  }
  const later = () => { clearTimeout(timer); timer = setTimeout(refresh, WAIT_MS); };
  form.addEventListener("input", later);
  form.addEventListener("change", later);
  // What was typed before the scripts had loaded told nobody.
  if ([...form.elements].some((field) => "defaultValue" in field && field.value !== field.defaultValue)) later();
}

export function startLiveTotals(root) {
  for (const form of root.querySelectorAll("form[data-totals-url]")) {
    if (form.querySelector("[data-totals]")) follow(form);
  }
}
