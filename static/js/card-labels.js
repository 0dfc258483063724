// Where a row of a list is shown as a card, each value says which column it belongs to.
const table = document.querySelector("#result_list");
if (table) {
  const headings = [...table.tHead.rows[0].cells].map((cell) =>
    cell.querySelector(".text").textContent.trim(),
  );
  for (const cell of table.querySelectorAll("tbody td")) {
    const heading = headings[cell.cellIndex];
    if (heading) cell.dataset.label = `${heading}: `;
  }
}
