// Tabs wider than a phone: the current one is brought to the middle where part of it is out of sight, sideways only; once
// more when the page's font is there, which may be wider than the one that stood in for it.

export function startTabs(root) {
  showCurrent(root);
  document.fonts.ready.then(() => showCurrent(root));
}

function showCurrent(root) {
  for (const current of root.querySelectorAll(".tabs [aria-current]")) {
    const tabs = current.closest(".tabs");
    const [one, all] = [current.getBoundingClientRect(), tabs.getBoundingClientRect()];
    if (one.left < all.left || one.right > all.right) {
      tabs.scrollLeft += (one.left + one.right - all.left - all.right) / 2;
    }
  }
}
