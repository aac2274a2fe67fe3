// The filters, which work on all charts and on the lists of articles.

/** The form of the filters. */
class Filters {
  constructor(report, changed) {
    this.report = report;
    this.form = document.getElementById("filters");
    this.fields = this.form.elements;
    this.selection = wholeSelection(report);
    this.changed = changed;
    this.fields.score.max = String(report.bins.length - 1);
    this.form.addEventListener("input", () => this.read());
    this.form.addEventListener("submit", (event) => event.preventDefault());
    document.getElementById("reset").addEventListener("click", () => this.set(wholeSelection(report)));
    this.hideUseless();
  }

  /** Filters by what the predictions do not have are not shown. */
  hideUseless() {
    const { report, fields } = this;
    const dated = report.periods.filter((period) => period !== "").length;
    const useful = {
      from: dated > 1, to: dated > 1, source: report.sources.length > 1, topic: report.topic !== null,
      mediator: report.mediators.length > 0 && report.mediatorTasks.length > 0,
      undated: dated > 0 && report.periods.includes(""),
    };
    for (const [name, shown] of Object.entries(useful)) fields[name].closest("label").hidden = !shown;
  }

  /** Takes a selection over: from a chart, or the whole. */
  set(selection) {
    this.selection = selection;
    this.show();
    this.changed();
  }

  read() {
    const { fields } = this;
    const code = (field) => (field.value === "" ? null : Number(field.value));
    const [from, to] = [code(fields.from) ?? 0, code(fields.to) ?? 0];
    this.selection = {
      from: Math.min(from, to), to: Math.max(from, to), undated: fields.undated.checked,
      source: code(fields.source), topic: code(fields.topic), mediator: code(fields.mediator),
      score: Number(fields.score.value),
    };
    this.showScore();
    this.changed();
  }

  /** Fills the fields in the language of the moment. */
  show() {
    const { report, fields, selection } = this;
    const dated = report.periods.flatMap((period, code) => (period === "" ? [] : [[code, periodName(report, period)]]));
    const any = ["", say("all")];
    const named = (codes) => [any, ...codes.map(({ code, name }) => [code, name])];
    fillSelect(fields.from, dated, selection.from);
    fillSelect(fields.to, dated, selection.to);
    fillSelect(fields.source, named(sourceDimension(report).codes), selection.source ?? "");
    fillSelect(fields.mediator, named(mediatorDimension(report).codes), selection.mediator ?? "");
    if (report.topic) {
      document.getElementById("topic-label").textContent = nameOf(report.topic);
      fillSelect(fields.topic, named(labelCodes(report.topic, () => null).slice(0, -1)), selection.topic ?? "");
    }
    fields.undated.checked = selection.undated;
    fields.score.value = String(selection.score);
    this.showScore();
  }

  showScore() {
    const { score } = this.selection;
    const text = score === 0 ? say("scoreAny") : `≥ ${this.report.bins[score]}`;
    this.fields.shownScore.value = text;
    this.fields.score.setAttribute("aria-valuetext", text);
  }

  /** How many articles are left, and of how many. */
  counts() {
    const { report, selection } = this;
    const task = selection.mediator === null ? null : countingTask(report);
    const sums = sumCells(report, report.cubes.get(task?.name ?? "articles"), selection, []);
    return { left: sums.left[0], all: report.facts.distinct_articles };
  }

  /** The filters in words, for pictures that leave the page. */
  words() {
    const { report, selection } = this;
    const whole = wholeSelection(report);
    const words = [];
    if (selection.from !== whole.from || selection.to !== whole.to) {
      words.push(`${periodName(report, report.periods[selection.from])} – ${periodName(report, report.periods[selection.to])}`);
    }
    if (!selection.undated && report.periods.includes("")) words.push(say("withoutUndated"));
    if (selection.source !== null) words.push(sourceDimension(report).codes[selection.source].name);
    if (selection.topic !== null) words.push(nameOf(report.topic.labels[selection.topic]));
    if (selection.mediator !== null) words.push(mediatorName(report.mediators[selection.mediator]));
    if (selection.score > 0) words.push(`${say("score")} ≥ ${report.bins[selection.score]}`);
    return words.map(isolated).join(" · ");
  }
}
