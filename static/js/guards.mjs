// Two guards.
//   form[data-submit-once]   a second click while the first is on its way is not sent (the server refuses it too)
//   form[data-guard]         leaving with changes that are not saved asks first

function sendOnce(form) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) { event.preventDefault(); return; }
    if (event.defaultPrevented) return;
    form.dataset.sent = "yes";
    event.submitter?.setAttribute("aria-busy", "true");
  });
}

// A page taken back from the browser's history is alive again.
function revive() {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    form.querySelector("[aria-busy]")?.removeAttribute("aria-busy");
  }
}

function guard(form) {
  // A page redrawn with errors holds what was typed, not what is stored.
  let changed = form.querySelector(".error-summary") !== null;
  form.addEventListener("input", () => { changed = true; });
  form.addEventListener("submit", (event) => { if (!event.defaultPrevented) changed = false; });
  addEventListener("beforeunload", (event) => { if (changed) event.preventDefault(); });
}

export function startGuards(root) {
  for (const form of root.querySelectorAll("form[data-submit-once]")) sendOnce(form);
  for (const form of root.querySelectorAll("form[data-guard]")) guard(form);
  addEventListener("pageshow", revive);
}
