// Puts the page together.

const LONGEST_LIST = 20;

/** The charts of the page, as plans for figures. */
function planFigures(report, filters, focus) {
  const plans = [];
  const common = { filters: () => [filters.words(), say("countsOf", { count: numberText(filters.counts().left) })].filter(Boolean) };
  const asked = report.articleTasks;
  if (asked.length) {
    plans.push({
      ...common, id: "topics-over-time", tasks: asked, task: asked[0], chart: barRows,
      view: (task) => topicView(report, filters.selection, task),
    });
  }
  const tasks = report.mediatorTasks;
  if (!tasks.length || !report.mediators.length) return plans;
  const extra = () => [focus.control()];
  const focused = (make) => (task) => make(report, filters.selection, task, focus.code());
  plans.push(
    { ...common, id: "mediators", tasks, task: tasks[0], chart: heatTable, view: (task) => mediatorView(report, filters.selection, task) },
    { ...common, id: "one-over-time", tasks, task: tasks[0], chart: barRows, extra, view: focused(overTimeView) },
    { ...common, id: "one-by-source", tasks, task: tasks.at(-1), share: true, chart: stackedBars, extra, view: focused(bySourceView) },
  );
  return plans;
}

/** Which mediator the charts of a single one show: that of the filter, or the reader's choice beside the charts. */
class Focus {
  constructor(report, filters, changed) {
    Object.assign(this, { report, filters, changed, chosen: mostNamed(report) });
  }

  code() {
    return this.filters.selection.mediator ?? this.chosen;
  }

  control() {
    const select = element("select", { name: "focus" });
    fillSelect(select, mediatorDimension(this.report).codes.map(({ code, name }) => [code, name]), this.code());
    select.addEventListener("change", () => {
      this.chosen = Number(select.value);
      const { selection } = this.filters;
      const figure = select.closest("figure");
      if (selection.mediator === null) this.changed();
      else this.filters.set({ ...selection, mediator: this.chosen });
      figure.querySelector("[name=focus]").focus();
    });
    return element("label", {}, element("span", { textContent: say("mediator") }), select);
  }
}

function mostNamed(report) {
  if (!report.mediatorTasks.length || !report.mediators.length) return 0;
  const cube = report.cubes.get(countingTask(report).name);
  const by = [{ column: "mediator", size: report.mediators.length }];
  const { all } = sumCells(report, cube, wholeSelection(report), by);
  const named = report.mediators.map(({ id }, code) => (id ? all[code] : -1));
  return named.indexOf(Math.max(...named));
}

function drawFacts(report) {
  const { facts } = report;
  const figures = [
    ["distinct", numberText(facts.distinct_articles)], ["articlesFact", numberText(facts.articles)],
    ["pages", numberText(facts.pages)],
    ["rejects", facts.rejects === null ? say("noRejects") : numberText(facts.rejects)],
    ["sources", numberText(facts.sources)],
  ];
  const undated = facts.undated ? say("undatedFact", { count: numberText(facts.undated) }) : "";
  const words = [
    ["periodFact", [facts.first_date === null ? "" : spanText(facts), undated].filter(Boolean).join(" · ")],
    ["models", facts.models.map(visible).join(", ")],
  ];
  const fact = (kind) => ([key, value]) => element(
    "div", { className: kind }, element("dt", { textContent: say(key) }), element("dd", {}, foreign("bdi", value)),
  );
  document.getElementById("facts").replaceChildren(...figures.map(fact("number")), ...words.map(fact("words")));
  const articles = numberText(facts.distinct_articles);
  document.getElementById("subtitle").textContent = say("subtitle", { articles, period: spanText(facts) });
}

function drawBounds(report) {
  const { facts, bins } = report;
  const all = numberText(facts.distinct_articles);
  const sample = facts.sampled
    ? say("aboutSample", { shown: numberText(facts.articles_in_sample), all, cell: numberText(facts.bounds.per_cell) })
    : say("aboutWhole", { all });
  const characters = facts.bounds.text_characters;
  const texts = characters ? say("aboutTexts", { characters: numberText(characters) }) : say("aboutNoTexts");
  const sentences = [
    say("aboutCounts"),
    say("aboutCube", {
      unit: say(report.unit), periods: numberText(report.periods.length), sources: numberText(facts.bounds.sources),
      mediators: numberText(facts.bounds.mediators), bins: numberText(bins.length), bounds: bins.join(", "),
    }),
    ...(report.periods.some((period) => /^[<>]/.test(period)) ? [say("aboutFar")] : []),
    say("aboutLow", { bound: bound(report) }),
    say("aboutScores"),
    sample,
    texts,
    ...(facts.unnamed.length ? [say("aboutUnnamed", { ids: shortList(facts.unnamed) })] : []),
    say("aboutModel", { wasit: facts.wasit, created: momentText(facts.created), models: facts.models.map(visible).map(isolated).join(", ") }),
  ];
  document.getElementById("bounds").replaceChildren(...sentences.map((text) => element("li", { textContent: text })));
}

function shortList(ids) {
  const shown = ids.slice(0, LONGEST_LIST).map(visible).map(isolated).join(", ");
  return ids.length > LONGEST_LIST ? `${shown}, …` : shown;
}

/** The page: its language, its theme, and what is drawn again when something changes. */
class Page {
  constructor(report) {
    this.report = report;
    this.filters = new Filters(report, () => this.drawFigures());
    this.focus = new Focus(report, this.filters, () => this.drawFigures());
    this.articles = new Articles(report);
    const open = (picked) => this.articles.open(picked, this.filters.selection);
    this.figures = planFigures(report, this.filters, this.focus).map((plan) => new Figure(report, plan, open));
    document.getElementById("figures").replaceChildren(...this.figures.map(({ node }) => node));
    document.getElementById("main").hidden = false;
    document.getElementById("language").addEventListener("click", () => this.speak(language === "ar" ? "en" : "ar"));
    document.getElementById("theme").addEventListener("click", () => this.dress(this.isDark() ? "light" : "dark"));
    document.getElementById("print").addEventListener("click", () => window.print());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.dress(null));
    this.followWidth();
    this.followPrinting();
  }

  isDark() {
    const theme = document.documentElement.dataset.theme;
    return theme ? theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  }

  /** Shows the page in a language. */
  speak(chosen) {
    language = chosen;
    document.documentElement.lang = chosen;
    document.documentElement.dir = chosen === "ar" ? "rtl" : "ltr";
    document.title = `${say("title")} · wasit`;
    for (const node of document.querySelectorAll("[data-text]")) node.textContent = say(node.dataset.text);
    const switcher = document.getElementById("language");
    switcher.textContent = say("language");
    switcher.lang = chosen === "ar" ? "en" : "ar";
    this.articles.dialog.close();
    drawFacts(this.report);
    drawBounds(this.report);
    this.filters.show();
    return this.drawThemed();
  }

  /** Shows the page in a theme; null is that of the reader's system. */
  dress(theme) {
    if (theme) document.documentElement.dataset.theme = theme;
    else delete document.documentElement.dataset.theme;
    return this.drawThemed();
  }

  drawThemed() {
    document.getElementById("theme").textContent = say(this.isDark() ? "light" : "dark");
    return this.drawFigures();
  }

  async drawFigures() {
    const { left, all } = this.filters.counts();
    document.getElementById("result").textContent = say("result", { count: numberText(left), all: numberText(all) });
    await Promise.all(this.figures.map((figure) => figure.draw()));
    document.documentElement.dataset.drawn = String(Number(document.documentElement.dataset.drawn ?? 0) + 1);
  }

  followWidth() {
    const main = document.getElementById("main");
    let width = main.clientWidth;
    let waiting = 0;
    new ResizeObserver(() => {
      if (main.clientWidth === width) return;
      width = main.clientWidth;
      clearTimeout(waiting);
      waiting = setTimeout(() => this.drawFigures(), 150);
    }).observe(main);
  }

  /** Paper is light, whatever the screen is. */
  followPrinting() {
    let before = null;
    window.addEventListener("beforeprint", () => {
      before = document.documentElement.dataset.theme ?? null;
      this.dress("light");
    });
    window.addEventListener("afterprint", () => this.dress(before));
  }
}

async function start() {
  try {
    const page = new Page(await readReport());
    await page.speak(navigator.language.startsWith("ar") ? "ar" : "en");
  } catch (error) {
    const trouble = document.getElementById("trouble");
    trouble.hidden = false;
    trouble.textContent = say("failed", { reason: error.message });
    throw error;
  }
}

start();
