// Small helps for forms.
//   data-submit-on-change    (select) sends its form when changed
//   data-focus-on-load       (error summary) takes the focus if nobody has it yet, so that it is read first
//   data-vat-number-of="siren"       (input) proposes the French VAT number of the SIREN in that field, while it is empty
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

// The key of a French VAT number: (12 + 3 × (SIREN modulo 97)) modulo 97 (CGI, annexe IV).
function proposeVatNumber(field) {
  const siren = field.form.elements.namedItem(field.dataset.vatNumberOf);
  const country = field.form.elements.namedItem("country");
  siren?.addEventListener("change", () => {
    const digits = siren.value.replace(/\s/g, "");
    if (field.value || country?.value !== "FR" || !/^\d{9}$/.test(digits)) return;
    field.value = `FR${String((12 + 3 * (Number(digits) % 97)) % 97).padStart(2, "0")}${digits}`;
  });
}

export function startForms(root) {
  for (const field of root.querySelectorAll("input[data-vat-number-of]")) proposeVatNumber(field);
  for (const select of root.querySelectorAll("select[data-submit-on-change]")) {
    select.addEventListener("change", () => select.form.requestSubmit());
  }
  for (const form of root.querySelectorAll("form")) {
    if (!form.querySelector("[data-shown-when]")) continue;
    followConditions(form);
    form.addEventListener("change", () => followConditions(form));
  }
  // Whoever was in a field before the scripts had loaded stays there: to be taken away would lose letters, or a click.
  if (root.activeElement === root.body) root.querySelector("[data-focus-on-load]")?.focus();
}
