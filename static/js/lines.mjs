// Lines of a document being written: add, remove, move without a round trip.
//   <ol data-lines="lines">  holds <li data-line>; the fields are named lines-0-label, lines-1-label ...
//   <template data-line-template="…"> beside it holds one blank line whose index is written __index__; the button
//   data-line-add="…" of the same word adds it (the empty word: an ordinary line)
//   buttons: data-line-add (anywhere in the form), data-line-remove, data-line-up, data-line-down (in a line)
// Without scripts the same buttons are submit buttons that the server answers with the page redrawn.

const NUMBERED = ["name", "id", "for", "aria-describedby", "aria-labelledby"];

function renumber(list) {
  const prefix = list.dataset.lines;
  const pattern = new RegExp(`\\b${prefix}-\\d+-`, "g");
  list.querySelectorAll("[data-line]").forEach((line, index) => {
    for (const element of line.querySelectorAll("*")) {
      for (const name of NUMBERED) {
        const value = element.getAttribute(name);
        if (value) element.setAttribute(name, value.replace(pattern, `${prefix}-${index}-`));
      }
    }
    const number = line.querySelector("[data-line-number]");
    if (number) number.textContent = String(index + 1);
  });
  list.dispatchEvent(new Event("input", { bubbles: true }));
}

function add(list, which = "") {
  const templates = [...list.parentElement.querySelectorAll("template[data-line-template]")];
  const template = templates.find((one) => one.dataset.lineTemplate === which);
  const holder = document.createElement("template");
  holder.innerHTML = template.innerHTML.replaceAll("__index__", String(list.children.length));
  list.append(holder.content);
  renumber(list);
  list.lastElementChild.querySelector("input:not([type=hidden]), textarea, select")?.focus();
}

function remove(list, line) {
  const next = line.nextElementSibling ?? line.previousElementSibling;
  line.remove();
  if (!next) add(list);
  renumber(list);
  next?.querySelector("input:not([type=hidden]), textarea, select")?.focus();
}

function move(list, line, button, up) {
  if (up) line.previousElementSibling?.before(line);
  else line.nextElementSibling?.after(line);
  renumber(list);
  button.focus();
}

function act(event, list) {
  const button = event.target.closest("button");
  if (!button) return;
  const line = button.closest("[data-line]");
  if ("lineAdd" in button.dataset) add(list, button.dataset.lineAdd);
  else if (line && "lineRemove" in button.dataset) remove(list, line);
  else if (line && "lineUp" in button.dataset) move(list, line, button, true);
  else if (line && "lineDown" in button.dataset) move(list, line, button, false);
  else return;
  event.preventDefault();
}

export function startLines(root) {
  for (const list of root.querySelectorAll("[data-lines]")) {
    list.closest("form").addEventListener("click", (event) => act(event, list));
  }
}
