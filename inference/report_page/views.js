// What each chart shows: which cube, which rows and columns, and what a cell stands for.

const OTHERS_SOURCE = null;

function labelCodes(task, part) {
  const names = distinctNames(task.labels.map(nameOf), task.labels.map((label) => label.name));
  const codes = task.labels.map((label, code) => ({ code, name: names[code], id: label.name, pick: part(code) }));
  return [...codes, { code: codes.length, name: say("noAnswer"), id: "", pick: part(NO_LABEL) }];
}

function labelDimension(task, column, part) {
  return { column, size: task.labels.length + 1, codes: labelCodes(task, part) };
}

function periodDimension(report, selection) {
  const mask = periodMask(report, selection);
  const codes = report.periods
    .map((period, code) => ({
      code, id: period, pick: { period: code }, name: periodName(report, period), short: shortPeriod(period),
    }))
    .filter(({ code }) => mask[code]);
  return { column: "period", size: report.periods.length, codes };
}

function sourceDimension(report) {
  const names = distinctNames(report.sources.map(sourceName), report.sources.map((source) => source || "–"));
  const codes = report.sources.map((source, code) => ({
    code, id: source === OTHERS_SOURCE ? say("manySources") : source, pick: { source: code }, name: names[code],
  }));
  return { column: "source", size: report.sources.length, codes };
}

function mediatorDimension(report) {
  const names = distinctNames(report.mediators.map(mediatorName), report.mediators.map(({ id }) => id));
  const codes = report.mediators.map(({ id }, code) => ({ code, id, pick: { mediator: code }, name: names[code] }));
  return { column: "mediator", size: report.mediators.length, codes };
}

/** Leaves out what no article has, with any score. */
function withoutEmpty(matrix, { rows = false, emptyColumn = false }) {
  const kept = matrix.columns.map((column) => !emptyColumn || column.id !== "" || column.total.all > 0);
  return {
    ...matrix,
    rows: matrix.rows
      .filter((row) => !rows || row.total.all > 0)
      .map((row) => ({ ...row, cells: row.cells.filter((_, index) => kept[index]) })),
    columns: matrix.columns.filter((_, index) => kept[index]),
  };
}

function mostFirst(rows) {
  return [...rows].sort((one, other) => other.total.all - one.total.all);
}

function bound(report) {
  return report.bins[1];
}

/** The cube that counts articles of one mediator: each of them once. */
function countingTask(report) {
  return report.mediatorTasks.find((task) => task.problem === "single_label") ?? report.mediatorTasks[0];
}

/** Answers to a task of articles, by period. */
function topicView(report, selection, task) {
  const byMediator = selection.mediator !== null;
  if (byMediator && task !== report.topic) return { refused: say("notByMediator") };
  const counting = byMediator ? countingTask(report) : null;
  // A task with several answers is counted by itself.
  const isOwn = report.cubes.has(task.name);
  const cube = report.cubes.get(counting?.name ?? (isOwn ? task.name : "articles"));
  const scoreTask = isOwn ? task.name : report.topic?.name;
  const part = (code) => ({
    articleTask: task.name, articleLabel: code, ...(counting ? { task: counting.name } : { scoreTask }),
  });
  const rows = labelDimension(task, isOwn ? "label" : task.name, part);
  const matrix = withoutEmpty(
    sumMatrix(report, cube, selection, rows, periodDimension(report, selection)), { rows: true },
  );
  const notes = [say("overTimeNote", { bound: bound(report) }), ...severalNote(task)];
  if (byMediator) {
    const mediator = isolated(mediatorName(report.mediators[selection.mediator]));
    notes.push(say("onlyMediator", { mediator, task: nameOf(counting) }));
  }
  return {
    title: say("overTime", { task: nameOf(task) }),
    notes, shareOf: "column", rowHead: nameOf(task), columnHead: say("period"),
    matrix: { ...matrix, rows: mostFirst(matrix.rows) },
  };
}

/** Mediators and the answers to a task about them. */
function mediatorView(report, selection, task) {
  const part = (code) => ({ task: task.name, label: code });
  const cube = report.cubes.get(task.name);
  const all = sumMatrix(report, cube, selection, mediatorDimension(report), labelDimension(task, "label", part));
  const matrix = withoutEmpty(all, { rows: true, emptyColumn: true });
  return {
    title: say("mediatorLabels", { task: nameOf(task) }),
    notes: [say("mediatorLabelsNote", { bound: bound(report) }), ...severalNote(task)],
    shareOf: "row", rowHead: say("mediator"), columnHead: nameOf(task),
    matrix: { ...matrix, rows: mostFirst(matrix.rows) },
  };
}

/** The answers to a task about one mediator, by period. */
function overTimeView(report, selection, task, focus) {
  const part = (code) => ({ task: task.name, label: code, mediator: focus });
  const cube = report.cubes.get(task.name);
  const narrowed = { ...selection, mediator: focus };
  const rows = labelDimension(task, "label", part);
  const matrix = sumMatrix(report, cube, narrowed, rows, periodDimension(report, selection));
  return {
    title: say("labelOverTime", { mediator: mediatorName(report.mediators[focus]), task: nameOf(task) }),
    notes: [say("overTimeNote", { bound: bound(report) }), ...severalNote(task)],
    shareOf: "column", rowHead: nameOf(task), columnHead: say("period"),
    matrix: withoutEmpty(matrix, { rows: true }),
  };
}

/** The answers to a task about one mediator, by source. */
function bySourceView(report, selection, task, focus) {
  const part = (code) => ({ task: task.name, label: code, mediator: focus });
  const cube = report.cubes.get(task.name);
  const narrowed = { ...selection, mediator: focus };
  const columns = labelDimension(task, "label", part);
  const matrix = withoutEmpty(
    sumMatrix(report, cube, narrowed, sourceDimension(report), columns), { rows: true, emptyColumn: true },
  );
  return {
    title: say("labelBySource", { mediator: mediatorName(report.mediators[focus]), task: nameOf(task) }),
    notes: [say("bySourceNote", { bound: bound(report) }), ...severalNote(task)],
    shareOf: "row", rowHead: say("source"), columnHead: nameOf(task), matrix,
  };
}

function severalNote(task) {
  return task.problem === "multi_label" ? [say("severalAnswers")] : [];
}

/** The share of a cell that the view is about: of its row or of its column. */
function wholeOf(view, row, column) {
  return view.shareOf === "row" ? row.total.left : column.total.left;
}

/** What a number stands for, in words. */
function cellName(row, column) {
  return [row?.name, column?.name].filter(Boolean).map(isolated).join(" · ");
}
