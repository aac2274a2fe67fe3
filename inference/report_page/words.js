// Names, numbers and sentences in the language of the moment.

let language = "en";

/** A sentence of the page, with `{name}` filled in. */
function say(key, values = {}) {
  return TEXTS[language][key].replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

/** The name of a label, task or mediator. */
function nameOf(thing) {
  return thing[language] || thing.en || thing.ar || thing.name || thing.id;
}

/** The locale for numbers and dates: Latin digits in both languages, so that figures can be compared and copied. */
function locale() {
  return language === "ar" ? "ar-u-nu-latn" : "en";
}

function numberText(value) {
  return new Intl.NumberFormat(locale()).format(value);
}

function shortNumber(value) {
  return new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 }).format(value);
}

function shareText(part, whole) {
  if (!whole) return "–";
  const percent = (100 * part) / whole;
  const digits = percent > 0 && percent < 1 ? 1 : 0;
  return `${percent.toFixed(digits)}%`;
}

function scoreText(score) {
  // Never rounded up: 0.499 is under 0.5, and nothing is quite certain.
  return score === null ? "–" : (Math.floor(score * 100 + 1e-6) / 100).toFixed(2);
}

/** Keeps the direction of a name from turning the words around it. */
function isolated(text) {
  return `\u2068${text}\u2069`;
}

/** Makes control characters of hostile texts visible; each stays one character, so places hold. */
function visible(text) {
  return text
    .replace(/[\u0000-\u0008\u000b-\u001f]/g, (control) => String.fromCharCode(0x2400 + control.charCodeAt(0)))
    .replace(/\u007f/g, "\u2421");
}

/** Names for the codes of a dimension, no two of them the same. */
function distinctNames(names, ids) {
  const times = new Map();
  for (const name of names) times.set(name, (times.get(name) ?? 0) + 1);
  return names.map((name, code) => (times.get(name) > 1 ? `${name} (${ids[code]})` : name));
}

function dateText(text, parts) {
  const date = new Date(`${text}T00:00:00Z`);
  return Number.isNaN(date.getTime()) ? text : new Intl.DateTimeFormat(locale(), { ...parts, timeZone: "UTC" }).format(date);
}

/** A moment, to the minute, in the reader's own time. */
function momentText(text) {
  const moment = new Date(text);
  const parts = { dateStyle: "long", timeStyle: "short" };
  return Number.isNaN(moment.getTime()) ? text : new Intl.DateTimeFormat(locale(), parts).format(moment);
}

/** A period as a reader says it. */
function periodName(report, period) {
  if (period === "") return say("undated");
  if (period.startsWith("<")) return say("before", { period: periodName(report, period.slice(1)) });
  if (period.startsWith(">")) return say("after", { period: periodName(report, period.slice(1)) });
  if (report.unit === "month") return dateText(`${period}-01`, { year: "numeric", month: "short" });
  if (report.unit === "day") return dateText(period, { year: "numeric", month: "short", day: "numeric" });
  return period;
}

/** A period as it is on axes: as short as in the data. */
function shortPeriod(period) {
  return period === "" ? say("undated") : isolated(period);
}

function sourceName(source) {
  if (source === null) return say("manySources");
  return source === "" ? say("noSource") : visible(source);
}

function mediatorName(mediator) {
  return mediator.id === null || mediator.id === "" ? say("otherMediators") : nameOf(mediator);
}

/** The span of dates that the articles have. */
function spanText(facts) {
  if (facts.first_date === null) return say("undated");
  const parts = { year: "numeric", month: "long", day: "numeric" };
  const [first, last] = [dateText(facts.first_date, parts), dateText(facts.last_date, parts)];
  return first === last ? first : `${first} – ${last}`;
}
