// Items of the catalogue, proposed while the label of a line is typed (proposals.mjs).
//   <form data-items-url="/catalogue/search.json" data-items-label data-items-one data-items-many>  ({count} in the last)
//   <input data-item-search> in a [data-line]; [data-items-status] is read out.
// The fields of the line named by the answer are filled in.
// Without scripts a code typed alone fills its line when the totals are updated.
import { Proposals } from "./proposals.mjs";

function fill(input, item) {
  const line = input.closest("[data-line]");
  for (const [name, value] of Object.entries(item)) {
    const field = line.querySelector(`[name$="-${name}"]`);
    if (!field) continue;
    const isNew = field instanceof HTMLSelectElement && ![...field.options].some((o) => o.value === String(value));
    if (isNew) field.add(new Option(item[`${name}_text`] ?? value, value));
    field.value = value;
  }
  const details = line.querySelector("details");
  if (details && (item.description || item.sales_account || item.vat_ground)) details.open = true;
  input.dispatchEvent(new Event("input", { bubbles: true }));
  line.querySelector('[name$="-quantity"]')?.select();
}

// How prices are shown and whether VAT is charged follows from what is chosen for the whole document.
function address(form, input) {
  const said = (name) => form.elements.namedItem(name)?.value ?? "";
  const asked = { q: input.value, prices: said("prices"), customer: said("customer_id"), vat_case: said("vat_case") };
  return `${form.dataset.itemsUrl}?${new URLSearchParams(asked)}`;
}

export function startItems(root) {
  for (const form of root.querySelectorAll("form[data-items-url]")) {
    new Proposals(form, {
      id: "item-proposals",
      label: form.dataset.itemsLabel,
      one: form.dataset.itemsOne,
      many: form.dataset.itemsMany,
      status: form.querySelector("[data-items-status]"),
      fewest: 2,
      address: (input) => address(form, input),
      parts: (item) => [["code", item.code], ["label", item.label], ["hint", item.hint]],
      take: fill,
    }).follow("[data-item-search]");
  }
}
