// The running sum of ticked rows: form[data-sum] holds boxes with data-cents.
//   output[data-sum-shown]   shows the sum in euros, in the language of data-locale

export function startSums(root) {
  for (const form of root.querySelectorAll("form[data-sum]")) {
    const shown = form.querySelector("[data-sum-shown]");
    const boxes = [...form.querySelectorAll("input[data-cents]")];
    const euros = new Intl.NumberFormat(shown.dataset.locale, { style: "currency", currency: "EUR" });
    const show = () => {
      const ticked = boxes.filter((box) => box.checked);
      const cents = ticked.reduce((sum, box) => sum + Number(box.dataset.cents), 0);
      shown.value = euros.format(cents / 100);
      shown.classList.toggle("tone-good", ticked.length > 1 && cents === 0);
    };
    for (const box of boxes) box.addEventListener("change", show);
    show();
  }
}
