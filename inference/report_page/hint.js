// The small box beside the pointer that says what a mark is.

function showHint(event, lines) {
  const box = document.getElementById("hint");
  box.hidden = !lines;
  if (!lines) return;
  const [first, ...rest] = lines;
  box.replaceChildren(element("strong", { textContent: first }), ...rest.map((text) => element("span", { textContent: text })));
  const { innerWidth, innerHeight } = window;
  const { offsetWidth, offsetHeight } = box;
  box.style.left = `${Math.max(8, Math.min(event.clientX + 14, innerWidth - offsetWidth - 8))}px`;
  box.style.top = `${event.clientY + 18 + offsetHeight > innerHeight ? event.clientY - offsetHeight - 12 : event.clientY + 18}px`;
}
