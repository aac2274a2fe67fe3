// Specifications for Vega-Lite. Every mark carries `pick`, the place of its cell among the picks of the chart.

const SERIES_COLOURS = ["#4477aa", "#b8b8b8", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377", "#6b6b6b"];
const FONT = '"Segoe UI", system-ui, "Noto Sans Arabic", "Noto Sans", "DejaVu Sans", sans-serif';
const NARROW = 560;
const BAR_ROW = 36;

/** The page's colours as they are now, for a canvas that knows no style sheet. */
function pageColours() {
  const probe = element("span", { hidden: true });
  document.body.append(probe);
  const colours = {};
  for (const name of ["surface", "ink", "quiet", "line", "faint", "accent", "low", "low-ink", "on-accent"]) {
    probe.style.color = `var(--${name})`;
    colours[name] = getComputedStyle(probe).color;
  }
  probe.remove();
  return colours;
}

function chartConfig(colours) {
  const text = { labelColor: colours.quiet, labelFontSize: 12, labelFontWeight: "normal" };
  return {
    font: FONT,
    aria: false,
    background: colours.surface,
    view: { stroke: null },
    axis: { ...text, domain: false, ticks: false, grid: false, title: null, labelPadding: 8 },
    legend: { ...text, labelColor: colours.ink, title: null, orient: "top", symbolType: "square", offset: 14 },
    title: { color: colours.ink, subtitleColor: colours.quiet, fontSize: 15, subtitleFontSize: 12, offset: 16 },
  };
}

function textWidth(texts, size = 12) {
  const pen = document.createElement("canvas").getContext("2d");
  pen.font = `${size}px ${FONT}`;
  return Math.ceil(Math.max(0, ...texts.map((text) => pen.measureText(text).width)));
}

function startSide() {
  return language === "ar" ? "right" : "left";
}

/** A frame for one view: as wide as the page leaves room, mirrored in Arabic. */
function frame(width, height, colours, rest) {
  return {
    width, height,
    autosize: { type: "fit-x", contains: "padding" },
    padding: 4,
    config: chartConfig(colours),
    ...rest,
  };
}

/** One low row of bars for each row of the matrix, over the same periods. */
function barRows(view, share, width, colours) {
  const { rows, columns } = view.matrix;
  const narrow = width < NARROW;
  const labelWidth = narrow ? 0 : Math.min(textWidth(rows.map((row) => row.name)) + 20, width * 0.32);
  const values = [];
  const picks = [];
  rows.forEach((row, place) => {
    const total = numberText(row.total.left);
    values.push({ place, part: "head", name: narrow ? `${row.name} · ${total}` : row.name, total: narrow ? "" : total });
    row.cells.forEach((cell, index) => {
      const whole = share ? columns[index].total.left : 1;
      if (!cell.left || !whole) return;
      // With a minimum score nothing low is left.
      const low = cell.left === cell.all ? cell.low : 0;
      const pick = picks.push({ row, column: columns[index], cell }) - 1;
      const shown = { place, period: columns[index].short, pick };
      values.push({ ...shown, part: "whole" });
      if (low) values.push({ ...shown, part: "low", order: 0, value: low / whole });
      if (cell.left > low) values.push({ ...shown, part: "sure", order: 1, value: (cell.left - low) / whole });
    });
  });
  const chartWidth = Math.max(120, width - labelWidth - 12);
  const spec = {
    data: { values },
    config: chartConfig(colours),
    padding: 4,
    bounds: "flush",
    spacing: narrow ? 24 : 12,
    facet: { row: { field: "place", type: "ordinal", header: null } },
    spec: {
      width: chartWidth, height: BAR_ROW,
      layer: [rowBase(chartWidth, colours), ...rowBars(columns, chartWidth, tallestDated(view, share), colours), ...rowHeads(narrow, chartWidth, labelWidth, colours)],
    },
  };
  return { spec, picks };
}

/** The line that the bars of a row stand on. */
function rowBase(width, colours) {
  return {
    transform: [{ filter: "datum.part === 'head'" }],
    mark: { type: "rule", stroke: colours.line },
    encoding: { x: { value: 0 }, x2: { value: width }, y: { value: BAR_ROW } },
  };
}

/** The largest value of a period: what has no date can be much more, and would leave the periods no height. */
function tallestDated(view, share) {
  const { rows, columns } = view.matrix;
  const value = (cell, column) => cell.left / (share ? column.total.left || 1 : 1);
  const most = (kept) => Math.max(0, ...rows.flatMap((row) => row.cells.map((cell, index) => {
    return kept(columns[index]) ? value(cell, columns[index]) : 0;
  })));
  return most((column) => column.id !== "") || most(() => true);
}

/** The bars, and behind each one a place as high as the row, since a short bar is hard to hit. */
function rowBars(columns, width, tallest, colours) {
  const periods = columns.map((column) => column.short);
  const ticks = tickedPeriods(columns, width);
  // What has no date stands a little apart.
  if (columns.length > 12 && columns.at(-1).id === "") periods.splice(-1, 0, " ");
  const x = {
    field: "period", type: "ordinal", sort: null,
    scale: { domain: periods, paddingInner: 0.18, paddingOuter: 0, reverse: language === "ar" },
    axis: { labelAngle: 0, labelOverlap: false, labelFlush: false, values: ticks },
  };
  const places = {
    transform: [{ filter: "datum.part === 'whole'" }],
    mark: { type: "rect", cursor: "pointer", opacity: 0 },
    encoding: { x, y: { value: 0 }, y2: { value: BAR_ROW } },
  };
  const bars = {
    transform: [{ filter: "datum.part === 'low' || datum.part === 'sure'" }],
    mark: { type: "bar", cursor: "pointer" },
    encoding: {
      x,
      y: {
        field: "value", type: "quantitative", stack: true, axis: null,
        scale: { domain: [0, tallest], clamp: true, nice: false },
      },
      order: { field: "order", type: "quantitative" },
      color: { field: "part", scale: { domain: ["low", "sure"], range: [colours.low, colours.accent] }, legend: null },
    },
  };
  return [places, bars];
}

/** The periods whose names have room below the bars; what has no date is always named. */
function tickedPeriods(columns, width) {
  const dated = columns.filter((column) => column.id !== "");
  const undated = columns.filter((column) => column.id === "");
  const room = textWidth(columns.map((column) => column.short)) + 16;
  const step = Math.ceil(room / (width / columns.length));
  const far = (index) => !undated.length || dated.length - index >= step;
  return [...dated.filter((_, index) => index % step === 0 && far(index)), ...undated].map((column) => column.short);
}

/** What a row is and how many it has: beside the bars, or above them where there is no room. */
function rowHeads(narrow, width, labelWidth, colours) {
  const mirrored = language === "ar";
  const beside = mirrored ? width + 12 : -12;
  const above = mirrored ? width : 0;
  const align = narrow === mirrored ? "right" : "left";
  const head = (field, y, color) => ({
    transform: [{ filter: "datum.part === 'head'" }],
    mark: { type: "text", align, baseline: "middle", limit: narrow ? width : labelWidth - 12, fontSize: 12 },
    encoding: { x: { value: narrow ? above : beside }, y: { value: y }, text: { field }, color: { value: color } },
  });
  return narrow ? [head("name", -9, colours.ink)] : [head("name", 10, colours.ink), head("total", 26, colours.quiet)];
}

/** A table of shades, with the number in each cell and a dot for the share of low scores. */
function heatTable(view, share, width, colours) {
  const { rows, columns } = view.matrix;
  const narrow = width < NARROW;
  const strongest = Math.max(...rows.flatMap((row) => row.cells.map((cell) => cell.left / (row.total.left || 1))), 0.01);
  const values = [];
  const picks = [];
  rows.forEach((row) => row.cells.forEach((cell, index) => {
    const part = cell.left / (row.total.left || 1);
    const pick = picks.push({ row, column: columns[index], cell }) - 1;
    const count = narrow ? shortNumber(cell.left) : numberText(cell.left);
    const text = !cell.left ? "" : share ? shareText(cell.left, row.total.left) : count;
    values.push({
      row: row.name, column: columns[index].name, pick, part, text,
      low: cell.left && cell.all ? cell.low / cell.all : 0, strong: part / strongest > 0.7,
    });
  }));
  const longest = textWidth(columns.map((column) => column.name));
  const steep = longest > (width - 130) / Math.max(1, columns.length) - 6;
  const x = {
    field: "column", type: "nominal", sort: null,
    scale: { domain: columns.map((column) => column.name), reverse: language === "ar", paddingInner: 0.04 },
    axis: {
      orient: "top", labelAngle: steep ? (language === "ar" ? 60 : -60) : 0, labelLimit: 130, labelOverlap: false,
      ...(steep && { labelAlign: language === "ar" ? "right" : "left" }),
    },
  };
  const y = {
    field: "row", type: "nominal", sort: null, scale: { domain: rows.map((row) => row.name), paddingInner: 0.06 },
    axis: { orient: startSide(), labelColor: colours.ink, labelLimit: narrow ? 104 : 220 },
  };
  const size = narrow ? 11 : 12.5;
  const spec = frame(width, rows.length * 34, colours, {
    data: { values },
    encoding: { x, y },
    layer: [
      {
        mark: { type: "rect", cornerRadius: 4, cursor: "pointer" },
        encoding: {
          color: {
            field: "part", type: "quantitative", legend: null,
            scale: { domain: [0, strongest], range: [colours.faint, colours.accent] },
          },
        },
      },
      {
        mark: { type: "text", fontSize: size, cursor: "pointer" },
        encoding: {
          text: { field: "text" },
          color: { condition: { test: "datum.strong", value: colours["on-accent"] }, value: colours.ink },
        },
      },
      {
        transform: [{ filter: "datum.low > 0" }],
        mark: { type: "point", filled: true, cursor: "pointer", stroke: colours.surface, strokeWidth: 1, opacity: 1 },
        encoding: {
          x: { ...x, bandPosition: language === "ar" ? 0.12 : 0.88 },
          y: { ...y, bandPosition: 0.24 },
          size: { field: "low", type: "quantitative", scale: { domain: [0, 1], range: [20, narrow ? 80 : 160] }, legend: null },
          color: { value: colours.low },
        },
      },
    ],
  });
  return { spec, picks };
}

/** One bar for each row, cut by its cells. */
function stackedBars(view, share, width, colours) {
  const { rows, columns } = view.matrix;
  const narrow = width < NARROW;
  const values = [];
  const ends = [];
  const picks = [];
  const most = Math.max(...rows.map((row) => row.total.left), 1);
  rows.forEach((row) => {
    row.cells.forEach((cell, order) => {
      if (!cell.left) return;
      const part = cell.left / row.total.left;
      const drawn = share ? part : cell.left / most;
      const pick = picks.push({ row, column: columns[order], cell }) - 1;
      const text = share ? shareText(cell.left, row.total.left) : numberText(cell.left);
      values.push({
        row: row.name, column: columns[order].name, order, pick, value: share ? part : cell.left,
        text: drawn * width * 0.6 > 40 ? text : "",
      });
    });
    ends.push({
      row: row.name, total: narrow ? shortNumber(row.total.left) : numberText(row.total.left),
      low: shareText(row.total.low, row.total.all),
    });
  });
  const x = {
    field: "value", type: "quantitative", stack: "zero", axis: null,
    scale: { domain: [0, share ? 1 : most], reverse: language === "ar", nice: false },
  };
  const y = {
    field: "row", type: "nominal", sort: null, scale: { domain: rows.map((row) => row.name), paddingInner: 0.28 },
    axis: { orient: startSide(), labelColor: colours.ink, labelLimit: narrow ? 104 : 220 },
  };
  const order = { field: "order", type: "quantitative" };
  const atEnd = (dx, field, color) => ({
    data: { values: ends },
    mark: { type: "text", align: language === "ar" ? "right" : "left", dx: language === "ar" ? -dx : dx, fontSize: 12 },
    encoding: { x: { value: language === "ar" ? 0 : "width" }, y, text: { field }, color: { value: color } },
  });
  const names = columns.map((column) => column.name);
  const spec = frame(width, rows.length * 34, colours, {
    layer: [
      {
        data: { values },
        mark: { type: "bar", cursor: "pointer" },
        encoding: {
          x, y, order,
          color: {
            field: "column", type: "nominal",
            scale: { domain: names, range: names.map((_, index) => SERIES_COLOURS[index % SERIES_COLOURS.length]) },
            legend: { columns: narrow ? 2 : 4, labelLimit: 150 },
          },
        },
      },
      {
        data: { values },
        mark: { type: "text", fontSize: 12, cursor: "pointer" },
        encoding: { x: { ...x, bandPosition: 0.5 }, y, order, detail: { field: "column" }, text: { field: "text" }, color: { value: "#111" } },
      },
      atEnd(10, "total", colours.quiet),
      atEnd(narrow ? 46 : 70, "low", colours["low-ink"]),
    ],
  });
  return { spec, picks };
}
