// Proposals while somebody types: the combobox pattern of ARIA, as a list below the field.
// Arrow keys choose, Enter takes, Escape closes. A module says where they are asked and what taking one does:
//   new Proposals(form, { id, label, one, many, status, fewest, address, parts, take })
//     label, one, many   what is read out; {count} in the last       status   the element that is read out
//     address(input)     the URL that answers {"items": [...]}        parts(item)   [[name, text], ...] shown of one
//     take(input, item)  fills in                                    fewest   letters before anything is asked; with
//                                                                    0, the arrow down asks for all

const WAIT_MS = 150;

export class Proposals {
  constructor(form, options) {
    Object.assign(this, options);
    this.form = form;
    this.list = document.createElement("ul");
    this.list.id = this.id;
    this.list.className = "proposals";
    this.list.setAttribute("role", "listbox");
    this.list.setAttribute("aria-label", this.label);
    this.close();
    this.list.addEventListener("pointerdown", (event) => event.preventDefault());
    this.list.addEventListener("click", (event) => this.takeAt(this.options().indexOf(event.target.closest("[role=option]"))));
  }

  options() { return [...this.list.children]; }

  optionOf(item, index) {
    const option = document.createElement("li");
    option.id = `${this.id}-${index}`;
    option.setAttribute("role", "option");
    option.setAttribute("aria-selected", "false");
    for (const [name, text] of this.parts(item)) {
      if (!text) continue;
      const part = document.createElement("span");
      part.className = `proposal-${name}`;
      part.textContent = text;
      option.append(part, " ");
    }
    return option;
  }

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
    if (this.input.value.trim().length >= Math.max(this.fewest, 1)) this.timer = setTimeout(() => this.ask(), WAIT_MS);
  }

  async ask() {
    this.running = new AbortController();
    try {
      const options = { credentials: "same-origin", headers: { Accept: "application/json" }, signal: this.running.signal };
      const answer = await fetch(this.address(this.input), options);
      if (answer.ok) this.show((await answer.json()).items);
    } catch (error) {
      // A later key stroke replaced this request, or the network is away: then nothing is proposed.
      if (error.name !== "AbortError" && !(error instanceof TypeError)) throw error;
    }
  }

  show(items) {
    this.items = items;
    this.list.replaceChildren(...items.map((item, index) => this.optionOf(item, index)));
    if (!items.length || document.activeElement !== this.input) return;
    this.input.parentElement.classList.add("has-proposals");
    this.input.after(this.list);
    this.input.setAttribute("aria-expanded", "true");
    this.input.setAttribute("aria-controls", this.id);
    const said = items.length === 1 ? this.one : this.many;
    if (this.status) this.status.textContent = said.replace("{count}", String(items.length));
  }

  choose(index) {
    const options = this.options();
    this.chosen = (index + options.length) % options.length;
    options.forEach((option, at) => option.setAttribute("aria-selected", String(at === this.chosen)));
    this.input.setAttribute("aria-activedescendant", options[this.chosen].id);
    options[this.chosen].scrollIntoView({ block: "nearest" });
  }

  takeAt(index) {
    const item = this.items[index];
    if (!item) return;
    const input = this.input;
    this.close();
    this.filling = true;
    this.take(input, item);
    this.filling = false;
  }

  press(event) {
    if (event.key === "Enter" && this.fewest === 0 && this.input.value) {
      // Such a field is for finding alone: Enter in it takes the best one and never sends the form.
      if (this.list.isConnected) this.takeAt(Math.max(this.chosen, 0));
      else this.ask();
    } else if (!this.list.isConnected) {
      if (event.key !== "ArrowDown" || this.fewest > 0) return;
      this.ask();
    } else if (event.key === "ArrowDown") this.choose(this.chosen + 1);
    else if (event.key === "ArrowUp") this.choose(this.chosen < 0 ? -1 : this.chosen - 1);
    else if (event.key === "Enter" && this.chosen >= 0) this.takeAt(this.chosen);
    else if (event.key === "Escape") this.close();
    else return;
    event.preventDefault();
  }

  // Follow the fields of the form that match the selector, also those that come later.
  follow(selector) {
    // A field may have had the focus before the scripts were there: whatever happens to it first makes it ours.
    const heeds = (event) => {
      if (!(event.target instanceof Element && event.target.matches(selector))) return false;
      if (this.input !== event.target) this.watch(event.target);
      return true;
    };
    this.form.addEventListener("focusin", heeds);
    this.form.addEventListener("focusout", (event) => { if (heeds(event)) this.close(); });
    this.form.addEventListener("keydown", (event) => { if (heeds(event)) this.press(event); });
    this.form.addEventListener("input", (event) => { if (heeds(event) && !this.filling) this.later(); });
  }
}
