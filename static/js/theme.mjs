// Light, dark or as the device: shown at once, remembered by the server (the form works without this module).

function show(form, theme) {
  document.documentElement.dataset.bsTheme = theme;
  for (const button of form.querySelectorAll("button[name=theme]")) {
    button.setAttribute("aria-pressed", String(button.value === theme));
  }
}

async function remember(event) {
  const button = event.submitter;
  if (!button) return;
  event.preventDefault();
  const form = event.currentTarget;
  const body = new URLSearchParams(new FormData(form, button));
  show(form, button.value);
  try {
    // The answer sends back to this page; it is not followed, the page is already right.
    await fetch(form.action, { method: "POST", body, redirect: "manual", credentials: "same-origin" });
  } catch {
    form.submit();
  }
}

export function startThemeSwitch(root) {
  for (const form of root.querySelectorAll("form[data-theme-switch]")) form.addEventListener("submit", remember);
}
