// A button with data-insert puts its text where the cursor was: into the field of the page that said
// data-takes-variables and had the focus last, else into the last of them.

function put(field, text) {
  field.focus();
  field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

export function startInsert(root) {
  const fields = [...root.querySelectorAll("[data-takes-variables]")];
  if (!fields.length) return;
  let last = fields.at(-1);
  for (const field of fields) field.addEventListener("focus", () => { last = field; });
  for (const button of root.querySelectorAll("button[data-insert]")) {
    button.addEventListener("click", () => put(last, button.dataset.insert));
  }
}
