// Makes the frame of a message as high as the message, so that the page scrolls and not the frame.
const frame = document.querySelector(".body-frame");

function fit() {
  const content = frame.contentDocument?.documentElement;
  if (!content) return;
  frame.classList.add("fitted");
  frame.height = "0";
  frame.height = content.scrollHeight;
}

if (frame) {
  frame.addEventListener("load", fit);
  window.addEventListener("resize", fit);
  if (frame.contentDocument?.readyState === "complete") fit();
}
