// Ticking many rows of a list: form[data-picks] holds boxes named "document".
//   input[data-pick-page]   ticks or clears every box of the page, and shows whether all, some or none are ticked

export function startPicks(root) {
  for (const form of root.querySelectorAll("form[data-picks]")) {
    const whole = form.querySelector("[data-pick-page]");
    const boxes = [...form.querySelectorAll("input[name=document]")];
    const show = () => {
      const ticked = boxes.filter((box) => box.checked).length;
      whole.checked = ticked === boxes.length;
      whole.indeterminate = ticked > 0 && ticked < boxes.length;
    };
    whole.addEventListener("change", () => { for (const box of boxes) box.checked = whole.checked; });
    for (const box of boxes) box.addEventListener("change", show);
    show();
  }
}
