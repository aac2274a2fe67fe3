// The numbers of a chart as a table, in which every number is a button.

/** A table of a view; `open` is called with the row, column and cell that a reader chose. */
function matrixTable(view, share, lowBound, open) {
  const { rows, columns } = view.matrix;
  const turned = view.shareOf === "column";
  const [lines, heads] = turned ? [columns, rows] : [rows, columns];
  const cellOf = (line, head) => (turned ? rows[head].cells[line] : rows[line].cells[head]);
  const corner = turned ? view.columnHead : view.rowHead;
  const head = element(
    "tr", {}, ...[corner, ...heads.map(({ name }) => name), say("total"), say("low", { bound: lowBound })].map(columnHead),
  );
  const body = lines.map((line, lineIndex) => {
    const cells = heads.map((column, headIndex) => {
      const cell = cellOf(lineIndex, headIndex);
      const [row, shownColumn] = turned ? [column, line] : [line, column];
      return element("td", {}, numberButton(view, share, row, shownColumn, cell, open));
    });
    const total = element("td", { textContent: numberText(line.total.left) });
    const low = element("td", { className: "low", textContent: shareText(line.total.low, line.total.all) });
    return element("tr", {}, element("th", { scope: "row" }, foreign("bdi", line.name)), ...cells, total, low);
  });
  return element("table", {}, element("caption", { textContent: view.title }), element("thead", {}, head), element("tbody", {}, ...body));
}

function columnHead(name) {
  return element("th", { scope: "col" }, foreign("bdi", name));
}

function numberButton(view, share, row, column, cell, open) {
  const text = share ? shareText(cell.left, wholeOf(view, row, column)) : numberText(cell.left);
  if (!cell.left) return element("span", { className: "nothing", textContent: text });
  const button = element("button", { type: "button", textContent: text, "aria-label": `${cellName(row, column)}: ${text}` });
  button.addEventListener("click", () => open({ row, column, cell }));
  return button;
}
