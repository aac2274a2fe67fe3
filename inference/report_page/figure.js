// A chart with its heading, its table, and the files that a reader can take away.

const MOST_ROWS = 15;
// The page's policy allows no style sheet but its own, and no code that is made from texts.
const DRAWING = { actions: false, ast: true, defaultStyle: false, renderer: "svg", tooltip: false };

/** One figure of the page. */
class Figure {
  /**
   * Args:
   *   report: What the page carries.
   *   plan: `{id, tasks, task, share, chart, filters: () => words, view: (task) => view, extra: () => controls}`.
   *   openArticles: Called with what was picked.
   */
  constructor(report, plan, openArticles) {
    Object.assign(this, { report, plan, openArticles, task: plan.task, share: plan.share ?? false, whole: false, turn: 0 });
    this.heading = element("h3", { id: `${plan.id}-heading` });
    this.controls = element("div", { className: "controls" });
    this.notes = element("p", { className: "notes" });
    this.place = element("div", { className: "chart", dir: "ltr", role: "img", "aria-labelledby": this.heading.id });
    this.low = element("p", { className: "low-share" });
    this.tablePlace = element("div", { className: "scroll", tabIndex: 0, role: "region", "aria-labelledby": this.heading.id });
    this.tableName = element("summary");
    this.details = element("details", { className: "table" }, this.tableName, this.tablePlace);
    this.details.addEventListener("toggle", () => this.drawTable());
    this.actions = element("div", { className: "actions" });
    this.node = element(
      "figure", { id: plan.id, className: "card", "aria-labelledby": this.heading.id },
      element("div", { className: "figure-head" }, this.heading, this.controls),
      this.notes, this.place, element("figcaption", {}, this.low), this.actions, this.details,
    );
  }

  /** Draws everything anew: after a filter, a language, a theme or a width has changed. */
  async draw() {
    this.turn += 1;
    this.shown = this.plan.view(this.task);
    this.drawControls();
    this.tableName.textContent = say("table");
    this.tablePlace.replaceChildren();
    const problem = this.shown.refused ?? (this.shown.matrix.total.left ? null : say("empty"));
    this.node.classList.toggle("is-empty", problem !== null);
    if (this.shown.title) this.heading.textContent = this.shown.title;
    this.notes.textContent = problem ?? this.shown.notes.join(" ");
    if (problem !== null) {
      this.clear();
      this.low.textContent = "";
      return;
    }
    this.low.textContent = this.lowText();
    this.drawTable();
    await this.drawChart();
  }

  clear() {
    this.chart?.finalize();
    this.chart = null;
    this.place.replaceChildren();
  }

  /** The view with as many rows as are shown at once. */
  limited() {
    const { matrix } = this.shown;
    if (this.whole || matrix.rows.length <= MOST_ROWS + 2) return this.shown;
    return { ...this.shown, matrix: { ...matrix, rows: matrix.rows.slice(0, MOST_ROWS) } };
  }

  async drawChart() {
    const turn = this.turn;
    const { spec, picks } = this.plan.chart(this.limited(), this.share, this.place.clientWidth, pageColours());
    const box = element("div");
    const chart = await vegaEmbed(box, spec, DRAWING);
    if (turn !== this.turn) {
      chart.finalize();
      return;
    }
    this.clear();
    this.chart = chart;
    this.spec = spec;
    this.place.append(box);
    const picked = (item) => (item?.datum?.pick === undefined ? null : picks[item.datum.pick]);
    chart.view.addEventListener("click", (event, item) => picked(item) && this.open(picked(item)));
    chart.view.addEventListener("mousemove", (event, item) => showHint(event, picked(item) && this.hintLines(picked(item))));
    chart.view.addEventListener("mouseout", () => showHint(null, null));
  }

  open({ row, column, cell }) {
    showHint(null, null);
    this.openArticles({
      title: cellName(row, column), count: cell.left, pick: { ...row.pick, ...column?.pick },
    });
  }

  hintLines({ row, column, cell }) {
    const whole = wholeOf(this.shown, row, column);
    const share = say(this.shown.shareOf === "row" ? "shareInRow" : "shareInPeriod");
    return [
      cellName(row, column),
      `${say("count")}: ${numberText(cell.left)}`,
      `${share}: ${shareText(cell.left, whole)}`,
      `${say("low", { bound: bound(this.report) })}: ${shareText(cell.low, cell.all)}`,
    ];
  }

  lowText() {
    const { total } = this.shown.matrix;
    const values = { share: shareText(total.low, total.all), count: numberText(total.all), bound: bound(this.report) };
    const hidden = total.left < total.all ? ` ${say("lowHidden", { left: numberText(total.left) })}` : "";
    return say("lowShare", values) + hidden;
  }

  drawControls() {
    const controls = [...(this.plan.extra?.() ?? [])];
    if (this.plan.tasks.length > 1) {
      const select = element("select", { name: "task" });
      fillSelect(select, this.plan.tasks.map((task, place) => [place, nameOf(task)]), this.plan.tasks.indexOf(this.task));
      select.addEventListener("change", () => { this.task = this.plan.tasks[Number(select.value)]; this.redraw("[name=task]"); });
      controls.push(element("label", {}, element("span", { textContent: say("task") }), select));
    }
    const modes = [[false, "counts"], [true, "shares"]].map(([share, key]) => {
      const button = element("button", { type: "button", textContent: say(key), "aria-pressed": String(this.share === share) });
      button.dataset.mode = key;
      button.addEventListener("click", () => { this.share = share; this.redraw(`[data-mode=${key}]`); });
      return button;
    });
    this.controls.replaceChildren(...controls, element("div", { className: "modes", role: "group" }, ...modes));
    this.drawActions();
  }

  drawActions() {
    const button = (text, act) => {
      const made = element("button", { type: "button", textContent: text });
      made.addEventListener("click", act);
      return made;
    };
    const buttons = [
      button("CSV", () => downloadText(`${this.plan.id}.csv`, "text/csv", csvText(this.csvRows()))),
      button("PNG", () => this.downloadPicture("png")),
      button("SVG", () => this.downloadPicture("svg")),
    ];
    const rows = this.shown.matrix?.rows.length ?? 0;
    if (rows > MOST_ROWS + 2) {
      const text = this.whole ? say("showFewer") : say("showAll", { count: numberText(rows) });
      buttons.unshift(button(text, () => { this.whole = !this.whole; this.redraw(".actions button"); }));
    }
    this.actions.replaceChildren(...buttons);
  }

  /** Draws anew and gives the keyboard's focus back to the control that asked for it. */
  async redraw(control) {
    const drawn = this.draw();
    this.node.querySelector(control)?.focus();
    await drawn;
  }

  /** The chart as a file, with its title and the filters that it was drawn with. */
  async downloadPicture(kind) {
    if (!this.chart) return;
    const title = { text: this.heading.textContent, subtitle: this.plan.filters(), anchor: "start" };
    const made = await vegaEmbed(element("div"), { ...this.spec, title }, DRAWING);
    if (kind === "svg") downloadText(`${this.plan.id}.svg`, "image/svg+xml", await made.view.toSVG());
    else download(`${this.plan.id}.png`, await made.view.toImageURL("png", 2));
    made.finalize();
  }

  /** The table of the chart: periods stand in rows, since there can be many. */
  drawTable() {
    if (!this.details.open || !this.shown?.matrix?.total.left) return;
    this.tablePlace.replaceChildren(matrixTable(this.shown, this.share, bound(this.report), (picked) => this.open(picked)));
  }

  csvRows() {
    const { rowHead, columnHead, matrix, shareOf } = this.shown;
    const lowHead = say("low", { bound: bound(this.report) });
    const shareHead = say(shareOf === "row" ? "shareInRow" : "shareInPeriod");
    const head = [rowHead, columnHead, "id", say("count"), shareHead, lowHead];
    const lines = matrix.rows.flatMap((row) => row.cells.map((cell, index) => {
      const column = matrix.columns[index];
      const share = cell.left / (wholeOf(this.shown, row, column) || 1);
      const low = cell.all ? (cell.low / cell.all).toFixed(4) : "";
      return [row.name, column.name, `${row.id}/${column.id}`, cell.left, share.toFixed(4), low];
    }));
    return [head, ...lines];
  }
}
