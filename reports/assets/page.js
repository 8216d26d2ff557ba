// Sorting and filtering of the table of operations. The page is complete without it.
(() => {
  "use strict";
  const table = document.getElementById("operations-table");
  if (!table) return;
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const value = (row, column) => row.cells[column].dataset.value;

  // The headers span two rows; this is the order of the columns of the body.
  const [upper, lower] = table.tHead.rows;
  const heads = [...upper.cells].filter((head) => head.dataset.sort);
  heads.splice(2, 0, ...lower.cells);

  const sortBy = (column, head) => {
    const numeric = head.dataset.sort === "number";
    const current = head.getAttribute("aria-sort");
    const descending = current ? current === "ascending" : numeric;
    heads.forEach((each) => each.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", descending ? "descending" : "ascending");
    const order = (a, b) => numeric
      ? Number(value(a, column)) - Number(value(b, column))
      : value(a, column).localeCompare(value(b, column));
    body.append(...[...rows].sort((a, b) => (descending ? -1 : 1) * order(a, b)));
  };

  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    button.addEventListener("click", () => sortBy(column, head));
    head.append(button);
  });

  const form = document.getElementById("filter");
  const text = document.getElementById("filter-text");
  const verdict = document.getElementById("filter-verdict");
  const count = document.getElementById("filter-count");
  const filter = () => {
    const words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      const content = row.textContent.toLowerCase();
      row.hidden = !words.every((word) => content.includes(word)) ||
        (verdict.value !== "" && row.dataset.verdict !== verdict.value);
      shown += row.hidden ? 0 : 1;
    }
    count.textContent = shown === rows.length ? "" : `${shown} of ${rows.length}`;
  };
  form.addEventListener("submit", (event) => event.preventDefault());
  text.addEventListener("input", filter);
  verdict.addEventListener("change", filter);
  form.hidden = false;
  filter();
})();
