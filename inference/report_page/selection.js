// What the filters leave, and the sums over it.

const NO_LABEL = -1;
const MASK_SIZE = 65536;

/** Filters that leave everything. */
function wholeSelection(report) {
  const dated = report.periods.filter((period) => period !== "").length;
  return { from: 0, to: Math.max(0, dated - 1), undated: true, source: null, topic: null, mediator: null, score: 0 };
}

function periodMask(report, selection) {
  const mask = new Uint8Array(MASK_SIZE);
  report.periods.forEach((period, code) => {
    const inside = period === "" ? selection.undated : code >= selection.from && code <= selection.to;
    mask[code] = inside ? 1 : 0;
  });
  return mask;
}

function codeMask(code) {
  const mask = new Uint8Array(MASK_SIZE);
  mask[code] = 1;
  return mask;
}

/** Pairs of a cube's column and what of it the filters leave. */
function columnMasks(report, cube, selection) {
  const filters = [["period", periodMask(report, selection)]];
  const wanted = [["source", selection.source], [report.topic?.name, selection.topic], ["mediator", selection.mediator]];
  for (const [column, code] of wanted) {
    if (code !== null && cube.columns.has(column)) filters.push([column, codeMask(code)]);
  }
  return filters.map(([column, mask]) => ({ codes: cube.columns.get(column), mask }));
}

/**
 * Sums a cube over the selection.
 *
 * `by` lists columns with how many codes each has; a code beyond them counts as the last one. For each cell of the
 * result: `left` by all filters, `all` without the minimum score, and `low`, those of them in the lowest bin.
 */
function sumCells(report, cube, selection, by) {
  const size = by.reduce((cells, dimension) => cells * dimension.size, 1);
  const sums = { left: new Float64Array(size), all: new Float64Array(size), low: new Float64Array(size) };
  const masks = columnMasks(report, cube, selection);
  const dimensions = by.map(({ column, size }) => ({ codes: cube.columns.get(column), last: size - 1, size }));
  const scores = cube.columns.get("score");
  const counts = cube.columns.get("count");
  rows: for (let row = 0; row < cube.rows; row += 1) {
    for (const { codes, mask } of masks) if (!mask[codes[row]]) continue rows;
    let cell = 0;
    for (const { codes, last, size } of dimensions) cell = cell * size + Math.min(codes[row], last);
    sums.all[cell] += counts[row];
    if (scores[row] === 0) sums.low[cell] += counts[row];
    if (scores[row] >= selection.score) sums.left[cell] += counts[row];
  }
  return sums;
}

/**
 * A matrix of sums that a chart shows.
 *
 * Args:
 *   rowBy, columnBy: `{column, codes: [{code, name, id}], size, constraint: code => part of a pick}`.
 */
function sumMatrix(report, cube, selection, rowBy, columnBy) {
  const sums = sumCells(report, cube, selection, [rowBy, columnBy]);
  const cell = (row, column) => {
    const place = row.code * columnBy.size + column.code;
    return { left: sums.left[place], all: sums.all[place], low: sums.low[place] };
  };
  const add = (cells) => cells.reduce(
    (total, one) => ({ left: total.left + one.left, all: total.all + one.all, low: total.low + one.low }),
    { left: 0, all: 0, low: 0 },
  );
  const rows = rowBy.codes
    .map((row) => ({ ...row, cells: columnBy.codes.map((column) => cell(row, column)) }))
    .map((row) => ({ ...row, total: add(row.cells) }));
  const columns = columnBy.codes.map((column, index) => ({ ...column, total: add(rows.map((row) => row.cells[index])) }));
  return { rows, columns, total: add(rows.map((row) => row.total)) };
}

/**
 * The articles of the sample that a number stands for.
 *
 * `pick` may name a `period` and a `source`; the `articleLabel` of an `articleTask`, whose minimum score is asked of
 * the answer to `scoreTask`; or the `label` of a `task` that is asked of mediators, and which `mediator`.
 */
function articlesBehind(report, selection, pick) {
  const periods = periodMask(report, selection);
  const least = report.bins[selection.score];
  const holds = (answer, code) =>
    code === undefined || (code === NO_LABEL ? !answer?.codes.length : Boolean(answer?.codes.includes(code)));
  const sure = (answer) => selection.score === 0 || (answer?.score ?? 0) >= least;
  const speaks = (found) =>
    (pick.mediator === undefined || found.code === pick.mediator) &&
    (selection.mediator === null || found.code === selection.mediator) &&
    holds(found.answers.get(pick.task), pick.label) && sure(found.answers.get(pick.task));
  const matches = (article) => {
    if (!periods[article.period] || (pick.period !== undefined && article.period !== pick.period)) return false;
    if (selection.source !== null && article.sourceCode !== selection.source) return false;
    if (pick.source !== undefined && article.sourceCode !== pick.source) return false;
    if (selection.topic !== null && !holds(article.answers.get(report.topic.name), selection.topic)) return false;
    if (pick.articleTask && !holds(article.answers.get(pick.articleTask), pick.articleLabel)) return false;
    if (pick.task) return article.mediators.some(speaks);
    return !pick.scoreTask || sure(article.answers.get(pick.scoreTask));
  };
  const score = (article) => {
    if (!pick.task) return article.answers.get(pick.articleTask)?.score ?? 0;
    return Math.max(...article.mediators.filter(speaks).map((found) => found.answers.get(pick.task)?.score ?? 0));
  };
  return report.articles
    .filter(matches)
    .map((article) => {
      const found = pick.task ? article.mediators.filter(speaks) : article.mediators;
      return { article, score: score(article), found };
    })
    .sort((one, other) => other.score - one.score);
}
