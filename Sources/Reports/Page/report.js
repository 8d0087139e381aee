// SPDX-License-Identifier: Apache-2.0
"use strict";
// Tables are sorted by their headings; the switches between pictures need no script.
for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  const headings = [...table.tHead.rows[0].cells];
  const value = (row, column) => {
    const cell = row.cells[column];
    const text = cell.dataset.value ?? cell.textContent.trim();
    return text === "" ? null : Number.isNaN(Number(text)) ? text.toLowerCase() : Number(text);
  };
  headings.forEach((heading, column) => heading.querySelector("button").addEventListener("click", () => {
    const isDown = heading.getAttribute("aria-sort") === "ascending";
    for (const other of headings) other.setAttribute("aria-sort", "none");
    heading.setAttribute("aria-sort", isDown ? "descending" : "ascending");
    const rows = [...body.rows].map((row, place) => ({ row, place, key: value(row, column) }));
    rows.sort((a, b) => {
      if (a.key === null || b.key === null) return (a.key === null) - (b.key === null) || a.place - b.place;
      const order = typeof a.key === typeof b.key ? (a.key < b.key ? -1 : a.key > b.key ? 1 : 0) : typeof a.key === "number" ? -1 : 1;
      return (isDown ? -order : order) || a.place - b.place;
    });
    body.append(...rows.map((entry) => entry.row));
  }));
}
// What is folded away is printed, too.
const folded = [];
addEventListener("beforeprint", () => {
  for (const part of document.querySelectorAll("details:not([open])")) { part.open = true; folded.push(part); }
});
addEventListener("afterprint", () => { for (const part of folded.splice(0)) part.open = false; });
