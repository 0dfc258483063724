// What helps whoever writes more than a line: nothing here is needed for it.

// Show how many characters are left, only when few are. Silent: nothing speaks on every
// keystroke. The field takes more, so that nobody loses the end of a text when pasting it.
const number = (left) => Math.abs(left).toLocaleString(document.documentElement.lang);
for (const field of document.querySelectorAll("textarea[data-limit]")) {
  const note = document.createElement("span");
  note.className = "characters-left";
  note.setAttribute("aria-hidden", "true");
  const show = () => {
    const left = field.dataset.limit - field.value.trim().length;
    const sentence = left < 0 ? field.dataset.charactersOver : field.dataset.charactersLeft;
    note.textContent = left < 200 ? sentence.replace("{count}", number(left)) : "";
  };
  field.addEventListener("input", show);
  field.after(note);
  show();
}

// Before words that were typed are left behind unsent, the browser asks. It listens only when
// there are some: a page with a listener is not kept for the way back.
const unsent = new Set();
const ask = (event) => event.preventDefault();
document.addEventListener("input", ({ target }) => {
  const form = target.closest("form");
  if (!form || !target.matches("textarea, [contenteditable]")) return;
  unsent.add(form);
  window.addEventListener("beforeunload", ask);
});
document.addEventListener("submit", ({ target }) => {
  unsent.delete(target);
  if (!unsent.size) window.removeEventListener("beforeunload", ask);
});
