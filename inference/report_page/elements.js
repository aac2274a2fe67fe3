// Small helpers for the document. Texts are set as text, never as HTML.

/** Makes an element with properties, attributes where a name has a dash, and children. */
function element(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes("-")) node.setAttribute(name, value);
    else node[name] = value;
  }
  node.append(...children);
  return node;
}

/** A text from a page, which sets its own direction and leaves that of its surroundings alone. */
function foreign(tag, text, properties = {}) {
  return element(tag, { dir: "auto", ...properties, textContent: visible(text) });
}

function option(value, text, chosen) {
  return element("option", { value: String(value), textContent: text, selected: chosen });
}

function fillSelect(select, options, value) {
  select.replaceChildren(...options.map(([code, text]) => option(code, text, String(code) === String(value))));
}

/** Gives the reader a file. */
function download(name, address) {
  const link = element("a", { href: address, download: name });
  document.body.append(link);
  link.click();
  link.remove();
}

function downloadText(name, kind, text) {
  const address = URL.createObjectURL(new Blob([text], { type: kind }));
  download(name, address);
  setTimeout(() => URL.revokeObjectURL(address), 10000);
}

/** Rows as CSV with a byte order mark, so that spreadsheets read Arabic; a text cannot become a formula in them. */
function csvText(rows) {
  const cell = (value) => {
    const text = typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value ?? "");
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return `\ufeff${rows.map((row) => row.map(cell).join(",")).join("\r\n")}\r\n`;
}
