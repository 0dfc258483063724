// Show how many characters are left, only when few are. Silent: nothing speaks on every
// keystroke. The field takes more, so that nobody loses the end of a text when pasting it.
for (const field of document.querySelectorAll("textarea[data-limit]")) {
  const note = document.createElement("span");
  note.className = "characters-left";
  note.setAttribute("aria-hidden", "true");
  const show = () => {
    const left = field.dataset.limit - field.value.trim().length;
    const sentence = left < 0 ? field.dataset.charactersOver : field.dataset.charactersLeft;
    note.textContent = left < 200 ? sentence.replace("{count}", Math.abs(left)) : "";
  };
  field.addEventListener("input", show);
  field.after(note);
  show();
}
