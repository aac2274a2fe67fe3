// The articles behind a number, with the sentences that speak for the answers.

const ARTICLES_AT_ONCE = 20;

/** The dialog that lists articles. */
class Articles {
  constructor(report) {
    this.report = report;
    this.dialog = document.getElementById("articles");
    this.list = document.getElementById("articles-list");
    this.heading = document.getElementById("articles-heading");
    this.note = document.getElementById("articles-note");
    this.moreButton = document.getElementById("more");
    document.getElementById("close").addEventListener("click", () => this.dialog.close());
    document.getElementById("articles-csv").addEventListener("click", () => this.downloadCsv());
    this.moreButton.addEventListener("click", () => this.showMore());
    this.dialog.addEventListener("click", (event) => event.target === this.dialog && this.dialog.close());
  }

  /** Opens the list for a number of a chart: `{title, count, pick}`, under the filters. */
  open({ title, count, pick }, selection) {
    this.behind = articlesBehind(this.report, selection, pick);
    this.shown = 0;
    this.heading.textContent = title;
    const shown = numberText(this.behind.length);
    const all = this.behind.length >= count;
    this.note.textContent = all ? say("behindAll", { shown }) : say("behindSample", { shown, count: numberText(count) });
    this.list.replaceChildren();
    this.showMore();
    if (!this.dialog.open) this.dialog.showModal();
    this.dialog.scrollTop = 0;
    this.heading.focus();
  }

  showMore() {
    const next = this.behind.slice(this.shown, this.shown + ARTICLES_AT_ONCE);
    const items = next.map(({ article, score, found }) => this.item(article, score, found));
    this.list.append(...items);
    if (this.shown > 0) items[0]?.querySelector("h3").focus();
    this.shown += next.length;
    this.moreButton.hidden = this.shown >= this.behind.length;
  }

  item(article, score, found) {
    const about = element("p", { className: "about-article" });
    about.append(
      article.source ? foreign("bdi", article.source) : element("span", { textContent: say("noSource") }),
      article.date ? element("time", { textContent: article.date }) : element("span", { textContent: say("undated") }),
      element("span", { className: "score", textContent: `${say("score")} ${scoreText(score)}` }),
      ...this.answerTags(this.report.articleTasks, article.answers),
    );
    const node = element(
      "li", {},
      foreign("h3", article.title || say("noTitle"), { tabIndex: -1 }),
      about,
      ...found.map((mediator) => this.evidence(mediator)),
    );
    if (article.text) node.append(...this.text(article, found));
    const place = element("p", { className: "place" });
    place.append(foreign("bdi", String(article.document)), ` · ${say("article", { number: numberText(article.article + 1) })}`);
    node.append(place);
    return node;
  }

  /** What is answered, each with its score. */
  answerTags(tasks, answers) {
    return tasks.flatMap((task) => {
      const answer = answers.get(task.name);
      return (answer?.codes ?? []).map((code) => {
        const name = nameOf(task.labels[code]);
        const low = answer.score !== null && answer.score < bound(this.report);
        const score = answer.score === null ? "" : ` ${scoreText(answer.score)}`;
        return element("span", { className: low ? "tag low" : "tag", title: nameOf(task), textContent: name + score });
      });
    });
  }

  evidence(mediator) {
    const tags = element("p", { className: "tags" }, element("strong", { textContent: mediatorName(this.report.mediators[mediator.code]) }));
    tags.append(...this.answerTags(this.report.mediatorTasks, mediator.answers));
    const quote = element("blockquote", { dir: "auto" }, ...marked(mediator));
    return element("div", { className: "evidence" }, tags, quote);
  }

  text(article, found) {
    const place = element("div", { className: "text", dir: "auto", hidden: true });
    const button = element("button", { type: "button", textContent: say("showText"), "aria-expanded": "false" });
    button.addEventListener("click", () => {
      if (!place.hasChildNodes()) place.append(...withEvidence(article.text, found.map(({ evidence }) => evidence)));
      place.hidden = !place.hidden;
      button.textContent = say(place.hidden ? "showText" : "hideText");
      button.setAttribute("aria-expanded", String(!place.hidden));
    });
    return [button, place];
  }

  downloadCsv() {
    const head = ["titleColumn", "source", "date", "score", "mediator", "evidenceIn", "place", "articleNumber"].map((key) => say(key));
    const lines = this.behind.flatMap(({ article, score, found }) => {
      const start = [article.title ?? "", article.source ?? "", article.date ?? "", score.toFixed(4)];
      const end = [article.document, article.article];
      if (!found.length) return [[...start, "", "", ...end]];
      return found.map(({ code, evidence }) => [...start, this.report.mediators[code].id, evidence, ...end]);
    });
    downloadText("articles.csv", "text/csv", csvText([head, ...lines]));
  }
}

/** A sentence with its mention highlighted; places count characters as Python does, not halves of them. */
function marked({ evidence, from, to }) {
  const characters = Array.from(evidence ?? "");
  const piece = (start, end) => visible(characters.slice(start, end).join(""));
  return [piece(0, from), element("mark", { textContent: piece(from, to) }), piece(to)];
}

/** A text with the sentences in it that speak for the answers. */
function withEvidence(text, sentences) {
  const places = [...new Set(sentences)]
    .filter(Boolean)
    .map((sentence) => ({ from: text.indexOf(sentence), length: sentence.length }))
    .filter(({ from }) => from >= 0)
    .sort((one, other) => one.from - other.from);
  const pieces = [];
  let reached = 0;
  for (const { from, length } of places) {
    if (from < reached) continue;
    pieces.push(visible(text.slice(reached, from)));
    pieces.push(element("mark", { className: "sentence", textContent: visible(text.slice(from, from + length)) }));
    reached = from + length;
  }
  return [...pieces, visible(text.slice(reached))];
}
