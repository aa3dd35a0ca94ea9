// Tabs wider than a phone: the current one is brought into view, sideways only.

export function startTabs(root) {
  for (const current of root.querySelectorAll(".tabs [aria-current]")) {
    const tabs = current.closest(".tabs");
    const beyond = current.getBoundingClientRect().right - tabs.getBoundingClientRect().right;
    if (beyond > 0) tabs.scrollLeft += beyond + current.offsetWidth / 2;
  }
}
