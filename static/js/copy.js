// Offer to copy the text of a field. Without this, people mark and copy it themselves.
for (const field of document.querySelectorAll("textarea[data-copy]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "kern-btn kern-btn--secondary";
  const label = document.createElement("span");
  label.className = "kern-label";
  label.textContent = field.dataset.copy;
  button.append(label);
  const status = document.createElement("span");
  status.setAttribute("role", "status");
  button.addEventListener("click", async () => {
    field.select();
    // Marked it is in any case: where a browser does not let us copy, people do.
    await navigator.clipboard?.writeText(field.value);
    status.textContent = field.dataset.copied;
  });
  const row = document.createElement("p");
  row.className = "buttons";
  row.append(button, status);
  field.parentElement.after(row);
}
