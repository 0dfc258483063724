// Show how many characters are left, only when few are. Silent: the browser itself
// announces the limit. Line breaks count once, as on the server.
for (const field of document.querySelectorAll("textarea[data-characters-left]")) {
  const left = document.createElement("span");
  left.className = "characters-left";
  left.setAttribute("aria-hidden", "true");
  const show = () => {
    const count = Number(field.dataset.limit) - field.value.trim().length;
    left.textContent = count < 200 ? field.dataset.charactersLeft.replace("{count}", count) : "";
  };
  field.addEventListener("input", show);
  field.after(left);
  show();
}
