// Small helps for forms.
//   data-submit-on-change    (select) sends its form when changed
//   data-focus-on-load       (error summary) takes the focus, so that it is read first
//   data-shown-when="kind=business"  is shown only while the field of that name has that value

function isChosen(form, condition) {
  const [name, values] = condition.split("=");
  const field = form.elements.namedItem(name);
  if (!field) return true;
  const value = field instanceof HTMLInputElement && field.type === "checkbox" ? (field.checked ? "on" : "") : field.value;
  return values.split("|").includes(value);
}

function followConditions(form) {
  for (const part of form.querySelectorAll("[data-shown-when]")) part.hidden = !isChosen(form, part.dataset.shownWhen);
}

export function startForms(root) {
  for (const select of root.querySelectorAll("select[data-submit-on-change]")) {
    select.addEventListener("change", () => select.form.requestSubmit());
  }
  for (const form of root.querySelectorAll("form")) {
    if (!form.querySelector("[data-shown-when]")) continue;
    followConditions(form);
    form.addEventListener("change", () => followConditions(form));
  }
  root.querySelector("[data-focus-on-load]")?.focus();
}
