// Shows new messages without being asked: reloads the list when the newest message is another one.
const EVERY_MILLISECONDS = 2000;
const inbox = document.querySelector(".inbox");

async function look() {
  if (document.hidden) return;
  try {
    const answer = await fetch(inbox.dataset.source);
    const { messages } = await answer.json();
    const newest = messages.length ? messages[0].id : "";
    const isTyping = document.activeElement?.matches("input");
    if (newest !== inbox.dataset.newest && !isTyping) location.reload();
  } catch {
    // The mailbox has ended or is starting again: ask once more later.
  }
}

if (inbox) setInterval(look, EVERY_MILLISECONDS);
