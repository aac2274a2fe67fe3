// What the page carries: a header in JSON and columns of numbers, packed with gzip.

const COLUMN_KINDS = { u1: Uint8Array, u2: Uint16Array, u4: Uint32Array };

/** Unpacks the report's data. Nothing of it is ever parsed as HTML. */
async function readReport() {
  const coded = atob(document.getElementById("report-data").textContent.trim());
  const packed = Uint8Array.from(coded, (character) => character.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  const buffer = await new Response(stream).arrayBuffer();
  const headerLength = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, headerLength)));
  return describe(header, buffer, 4 + headerLength);
}

/** The header with its columns and rows made ready for use. */
function describe(header, buffer, start) {
  const cubes = new Map();
  for (const [name, cube] of Object.entries(header.cubes)) {
    cubes.set(name, { rows: cube.rows, columns: readColumns(cube, buffer, start) });
  }
  const isSingle = (task) => cubes.get("articles").columns.has(task.name);
  return {
    facts: header.facts,
    unit: header.period_unit,
    periods: header.periods,
    sources: header.sources,
    mediators: header.mediators,
    articleTasks: header.article_tasks,
    topic: header.article_tasks.find(isSingle) ?? null,
    mediatorTasks: header.mediator_tasks.filter((task) => cubes.has(task.name)),
    bins: header.facts.bounds.score_bins,
    cubes,
    articles: header.samples.rows.map((row) => readArticle(row, labelCounts(header))),
  };
}

function readColumns(cube, buffer, start) {
  const columns = new Map();
  for (const [name, { dtype, offset }] of Object.entries(cube.columns)) {
    const kind = COLUMN_KINDS[dtype];
    const from = start + offset;
    // A copy, since a column may begin at any byte.
    columns.set(name, new kind(buffer.slice(from, from + cube.rows * kind.BYTES_PER_ELEMENT)));
  }
  return columns;
}

/** How many labels each task has. */
function labelCounts(header) {
  const tasks = [...header.article_tasks, ...header.mediator_tasks];
  return new Map(tasks.map((task) => [task.name, task.labels.length]));
}

function readArticle(row, counts) {
  const [title, source, date, document, article, period, sourceCode, answers, mediators, text] = row;
  return {
    title, source, date, document, article, period, sourceCode, text,
    answers: readAnswers(answers, counts),
    mediators: mediators.map(([code, given, evidence, from, to]) => ({
      code, evidence, from, to, answers: readAnswers(given, counts),
    })),
  };
}

/** By task: its labels' codes, maybe none, and the score. A code beyond the labels stands for no answer. */
function readAnswers(answers, counts) {
  const read = new Map();
  for (const [task, [given, score]] of Object.entries(answers)) {
    const codes = (Array.isArray(given) ? given : [given]).filter((code) => code !== null && code < counts.get(task));
    read.set(task, { codes, score: score ?? null });
  }
  return read;
}
