// Items of the catalogue, proposed while the label of a line is typed: the combobox pattern of ARIA, as a list below.
//   <form data-items-url="/catalogue/search.json" data-items-label data-items-one data-items-many>  ({count} in the last)
//   <input data-item-search> in a [data-line]; [data-items-status] is read out.
// Arrow keys choose, Enter takes, Escape closes; the fields of the line named by the answer are then filled in.
// Without scripts a code typed alone fills its line when the totals are updated.

const WAIT_MS = 150;
const FEWEST_LETTERS = 2;
const LIST_ID = "item-proposals";

function optionOf(item, index) {
  const option = document.createElement("li");
  option.id = `${LIST_ID}-${index}`;
  option.setAttribute("role", "option");
  option.setAttribute("aria-selected", "false");
  for (const [name, text] of [["code", item.code], ["label", item.label], ["hint", item.hint]]) {
    if (!text) continue;
    const part = document.createElement("span");
    part.className = `proposal-${name}`;
    part.textContent = text;
    option.append(part, " ");
  }
  return option;
}

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
  if (details && (item.description || item.sales_account)) details.open = true;
  input.dispatchEvent(new Event("input", { bubbles: true }));
  line.querySelector('[name$="-quantity"]')?.select();
}

class Proposals {
  constructor(form) {
    this.form = form;
    this.status = form.querySelector("[data-items-status]");
    this.list = document.createElement("ul");
    this.list.id = LIST_ID;
    this.list.className = "proposals";
    this.list.setAttribute("role", "listbox");
    this.list.setAttribute("aria-label", form.dataset.itemsLabel);
    this.close();
    this.list.addEventListener("pointerdown", (event) => event.preventDefault());
    this.list.addEventListener("click", (event) => this.take(this.options().indexOf(event.target.closest("[role=option]"))));
  }

  options() { return [...this.list.children]; }

  close() {
    clearTimeout(this.timer);
    this.running?.abort();
    this.list.remove();
    this.input?.setAttribute("aria-expanded", "false");
    this.input?.removeAttribute("aria-controls");
    this.input?.removeAttribute("aria-activedescendant");
    this.items = [];
    this.chosen = -1;
  }

  watch(input) {
    this.input = input;
    input.setAttribute("role", "combobox");
    input.setAttribute("aria-autocomplete", "list");
    if (!this.list.isConnected) input.setAttribute("aria-expanded", "false");
  }

  later() {
    this.close();
    if (this.input.value.trim().length >= FEWEST_LETTERS) this.timer = setTimeout(() => this.ask(), WAIT_MS);
  }

  async ask() {
    const form = this.form.elements;
    const asked = new URLSearchParams({
      q: this.input.value, prices: form.namedItem("prices")?.value ?? "", customer: form.namedItem("customer_id")?.value ?? "",
    });
    this.running = new AbortController();
    try {
      const options = { credentials: "same-origin", headers: { Accept: "application/json" }, signal: this.running.signal };
      const answer = await fetch(`${this.form.dataset.itemsUrl}?${asked}`, options);
      if (answer.ok) this.show((await answer.json()).items);
    } catch (error) {
      // A later key stroke replaced this request, or the network is away: then nothing is proposed.
      if (error.name !== "AbortError" && !(error instanceof TypeError)) throw error;
    }
  }

  show(items) {
    this.items = items;
    this.list.replaceChildren(...items.map(optionOf));
    if (!items.length || document.activeElement !== this.input) return;
    this.input.parentElement.classList.add("has-proposals");
    this.input.after(this.list);
    this.input.setAttribute("aria-expanded", "true");
    this.input.setAttribute("aria-controls", LIST_ID);
    const said = items.length === 1 ? this.form.dataset.itemsOne : this.form.dataset.itemsMany;
    if (this.status) this.status.textContent = said.replace("{count}", String(items.length));
  }

  choose(index) {
    const options = this.options();
    this.chosen = (index + options.length) % options.length;
    options.forEach((option, at) => option.setAttribute("aria-selected", String(at === this.chosen)));
    this.input.setAttribute("aria-activedescendant", options[this.chosen].id);
    options[this.chosen].scrollIntoView({ block: "nearest" });
  }

  take(index) {
    const item = this.items[index];
    if (!item) return;
    const input = this.input;
    this.close();
    this.filling = true;
    fill(input, item);
    this.filling = false;
  }

  press(event) {
    if (!this.list.isConnected) return;
    if (event.key === "ArrowDown") this.choose(this.chosen + 1);
    else if (event.key === "ArrowUp") this.choose(this.chosen < 0 ? -1 : this.chosen - 1);
    else if (event.key === "Enter" && this.chosen >= 0) this.take(this.chosen);
    else if (event.key === "Escape") this.close();
    else return;
    event.preventDefault();
  }
}

function follow(form) {
  const proposals = new Proposals(form);
  const isSearch = (event) => event.target instanceof Element && event.target.matches("[data-item-search]");
  form.addEventListener("focusin", (event) => { if (isSearch(event)) proposals.watch(event.target); });
  form.addEventListener("focusout", (event) => { if (isSearch(event)) proposals.close(); });
  form.addEventListener("keydown", (event) => { if (isSearch(event)) proposals.press(event); });
  form.addEventListener("input", (event) => { if (isSearch(event) && !proposals.filling) proposals.later(); });
}

export function startItems(root) {
  for (const form of root.querySelectorAll("form[data-items-url]")) follow(form);
}
