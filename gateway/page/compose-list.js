// What was pasted: numbers alone, or a table with columns. Pure.

/**
 * @typedef {{line: number, value: string}} Entry
 * @typedef {{kind: "empty"} | {kind: "plain", entries: Entry[]}
 *   | {kind: "table", delimiter: string, rows: Row[], entries?: Entry[]}} Reading
 * @typedef {{line: number, cells: string[]}} Row
 */

const DELIMITERS = ["\t", ";", ","];
const NAMES = { "\t": "tab", ";": "semicolon", ",": "comma" }; // as the gateway calls them
const SAMPLE = 20; // lines that decide: what a person sees at a glance
const HAS_LETTER = /\p{L}/u;

/**
 * What a text is: nothing, numbers alone, or a table. Numbers of a country that was said (`region`)
 * are a table of one column, for only an upload can be of a country.
 * @returns {Reading}
 */
export function reading(text, region = "") {
  if (!text.trim()) return { kind: "empty" };
  const delimiter = delimiterOf(text);
  if (delimiter) return { kind: "table", delimiter, rows: rowsOf(text, delimiter) };
  const entries = entriesOf(text);
  if (!region) return { kind: "plain", entries };
  return { kind: "table", delimiter: ",", entries, rows: entries.map(({ value }, at) => ({ line: at + 1, cells: [value] })) };
}

/** The gateway's word for what cuts the cells. */
export const delimiterName = (delimiter) => NAMES[delimiter];

function entriesOf(text) {
  return text.split(/\r\n|\r|\n/).flatMap((line, index) =>
    line
      .split(/[,;\t]/)
      .map((value) => ({ line: index + 1, value: value.trim() }))
      .filter((entry) => entry.value),
  );
}

function delimiterOf(text) {
  const head = text.split(/\r\n|\r|\n/).filter((line) => line.trim()).slice(0, SAMPLE + 1);
  const sample = head.join("\n");
  const found = DELIMITERS.find((delimiter) => isTable(rowsOf(sample, delimiter).map((row) => row.cells), delimiter));
  return found ?? (isColumnWithName(head) ? "," : null);
}

function isColumnWithName(lines) {
  return lines.length > 1 && HAS_LETTER.test(lines[0]) && !/\d/.test(lines[0]) && isPhone(lines[1]);
}

function isTable(rows, delimiter) {
  const width = rows[0].length;
  const alike = rows.filter((cells) => cells.length === width).length;
  if (width < 2 || alike * 2 < rows.length) return false;
  return rows[0].some((_, at) => isOther(rows.map((cells) => (cells[at] ?? "").trim()), delimiter));
}

/** Whether a column holds something else than phone numbers. */
function isOther(cells, delimiter) {
  const body = cells.length > 1 ? cells.slice(1) : cells;
  if (body.some(isPhone)) return false;
  return cells.some((cell) => HAS_LETTER.test(cell)) || (delimiter === "\t" && cells.length > 1);
}

function isPhone(cell) {
  const digits = cell.replace(/\D/g, "").length;
  return /^['"]?[+\d\s()./-]+['"]?$/.test(cell) && digits >= 7 && digits <= 17;
}

/** Rows with the line on which each begins; blank lines are none. Quotes as in RFC 4180. @returns {Row[]} */
export function rowsOf(text, delimiter) {
  const rows = [];
  const cell = new RegExp(`(?:"((?:[^"]|"")*)"|([^${delimiter}\\r\\n]*))(${delimiter}|\\r\\n|\\r|\\n|$)`, "y");
  let line = 1;
  let row = { line, cells: [] };
  while (cell.lastIndex <= text.length) {
    const found = cell.exec(text) ?? unclosed(text, cell, delimiter);
    const [whole, quoted, bare, end] = found;
    row.cells.push(quoted === undefined ? bare : quoted.replaceAll('""', '"'));
    line += whole.match(/\r\n|\r|\n/g)?.length ?? 0;
    if (end === delimiter) continue;
    if (row.cells.some((value) => value.trim())) rows.push(row);
    if (end === "") break;
    row = { line, cells: [] };
  }
  return rows;
}

/** A quote that nobody closes, or text after one: the rest of its cell is taken as it stands. */
function unclosed(text, cell, delimiter) {
  const bare = new RegExp(`()([^${delimiter}\\r\\n]*)(${delimiter}|\\r\\n|\\r|\\n|$)`, "y");
  bare.lastIndex = cell.lastIndex;
  const found = bare.exec(text);
  cell.lastIndex = bare.lastIndex;
  return [found[0], undefined, found[2], found[3]];
}

/**
 * A table with more columns, the same in each row, for the values that everybody gets. Every row
 * stays on its line, so that what is rejected is found.
 * @param {Row[]} rows @param {number} width of the table @param {string[]} values
 * @param {string[]|null} names of the new columns, where the first row has the names
 */
export function widened(rows, width, values, names) {
  const lines = [];
  let at = 1;
  for (const [index, row] of rows.entries()) {
    const more = index === 0 && names ? names : values;
    const padded = [...row.cells, ...Array(Math.max(width - row.cells.length, 0)).fill("")];
    lines.push("\n".repeat(Math.max(row.line - at, 0)) + [...padded, ...more].map(quoted).join(",") + "\n");
    at = row.line + 1 + row.cells.join("").split("\n").length - 1;
  }
  return lines.join("");
}

const quoted = (value) => `"${value.replaceAll('"', '""')}"`;
