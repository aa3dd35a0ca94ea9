// Texts of the library, found by their identifier or a few letters and put into a field (proposals.mjs).
//   <form data-texts-url="/invoices/texts.json" data-texts-label data-texts-one data-texts-many>  ({count} in the last)
//   <input data-text-search="note" data-text-into="note">: the kind of text, and the id of the field it goes into
// The text stands behind what is in the field already. Without scripts a button beside the field does the same.
import { Proposals } from "./proposals.mjs";

function put(input, item) {
  const field = document.getElementById(input.dataset.textInto);
  field.value = [field.value.trimEnd(), item.text].filter(Boolean).join("\n\n");
  input.value = "";
  field.focus();
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

function address(form, input) {
  const customer = form.elements.namedItem("customer_id")?.value ?? "";
  const asked = { q: input.value, kind: input.dataset.textSearch, customer };
  return `${form.dataset.textsUrl}?${new URLSearchParams(asked)}`;
}

export function startTexts(root) {
  for (const form of root.querySelectorAll("form[data-texts-url]")) {
    // The list of the browser itself is for pages without scripts: two lists would lie on each other.
    for (const input of form.querySelectorAll("[data-text-search]")) input.removeAttribute("list");
    new Proposals(form, {
      id: "text-proposals",
      label: form.dataset.textsLabel,
      one: form.dataset.textsOne,
      many: form.dataset.textsMany,
      status: form.querySelector("[data-items-status]"),
      fewest: 0,
      address: (input) => address(form, input),
      parts: (item) => [["code", item.identifier], ["label", item.hint]],
      take: put,
    }).follow("[data-text-search]");
  }
}
