// data-copy="text": copies it; data-copied is the word that confirms, read out too.

async function copy(button) {
  await navigator.clipboard.writeText(button.dataset.copy);
  const word = button.querySelector("span");
  const before = word.textContent;
  const mark = button.querySelector("use");
  const drawing = mark?.getAttribute("href");
  button.setAttribute("aria-live", "polite");
  word.textContent = button.dataset.copied;
  mark?.setAttribute("href", drawing.replace(/#.*/, "#check"));
  setTimeout(() => {
    word.textContent = before;
    mark?.setAttribute("href", drawing);
  }, 2000);
}

function select(button) {
  const text = button.previousElementSibling;
  if (text) getSelection().selectAllChildren(text);
}

export function startCopy(root) {
  for (const button of root.querySelectorAll("button[data-copy]")) {
    // The clipboard may be refused (old browser, plain http): the text is then selected instead.
    button.addEventListener("click", () => copy(button).catch(() => select(button)));
  }
}
