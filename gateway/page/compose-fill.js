// What a recipient will read: a template with its values in place, and what to call each place. Pure.

/** @typedef {{text: string, isOpen: boolean, marks: string}} Piece */

const VARIABLE = /\{\{\s*(\w+)\s*\}\}/g;

/**
 * A text in pieces; what nothing fills is `isOpen`. `values` by key: "1", "header.1".
 * @returns {Piece[]}
 */
export function filled(text, values, prefix = "") {
  const pieces = [];
  let at = 0;
  for (const found of text.matchAll(VARIABLE)) {
    pieces.push(piece(text.slice(at, found.index)));
    const value = values[prefix + found[1]] ?? values[`${prefix}text.${found[1]}`];
    pieces.push(value ? piece(value) : { text: found[0], isOpen: true });
    at = found.index + found[0].length;
  }
  pieces.push(piece(text.slice(at)));
  return pieces.filter((part) => part.text);
}

const piece = (text) => ({ text, isOpen: false });

const MARK = /(?<![\p{L}\d*_~])([*_~])(?=\S)([^\n]*?\S)\1(?![\p{L}\d*_~])/u;
const TAGS = { "*": "strong", _: "em", "~": "s" };

/** WhatsApp's marks for bold, slanted and struck text: `[{text, tag}]`, one level deep. */
export function marked(text) {
  const found = MARK.exec(text);
  if (!found) return text ? [{ text, tag: null }] : [];
  const before = text.slice(0, found.index);
  const after = text.slice(found.index + found[0].length);
  return [...marked(before), { text: found[2], tag: TAGS[found[1]] }, ...marked(after)];
}

const NAMED = {
  "header.image": "Image above the text",
  "header.video": "Video above the text",
  "header.document": "Document above the text",
  "header.filename": "Name of the document",
  "header.latitude": "Latitude of the place",
  "header.longitude": "Longitude of the place",
  "header.name": "Name of the place",
  "header.address": "Address of the place",
};

const BUTTONS = {
  url: (name) => `End of the link of ${name}`,
  payload: (name) => `What ${name} sends back`,
  code: (name) => `Code that ${name} copies`,
};

/** What to call the place that a key fills. */
export function placeName(key, template) {
  if (NAMED[key]) return NAMED[key];
  const [part, name, kind] = key.split(".");
  if (part === "button" && BUTTONS[kind]) {
    const text = template?.buttons?.[Number(name)]?.text;
    return BUTTONS[kind](text ? `“${text}”` : `button ${Number(name) + 1}`);
  }
  if (part === "header") return `{{${kind ?? name}}} in the header`;
  return `{{${key}}} in the text`;
}

/** The address that a link button opens. */
export function linkOf(button, index, values) {
  return (button.url ?? "").replace(VARIABLE, (whole) => values[`button.${index}.url`] || whole);
}

/** The column whose name says that it fills a text that is needed; "" where none does. */
export function columnFor(key, columns, template = null) {
  if (!isText(key, template)) return "";
  const wanted = plain(key.split(".").at(-1));
  if (/^\d*$/.test(wanted)) return "";
  return columns.find((column) => plain(column) === wanted) ?? "";
}

/** A link, a place or the name of a file is nobody's to guess. */
function isText(key, template) {
  const isNeeded = template?.places?.find((place) => place.key === key)?.required ?? true;
  const isOther = key.startsWith("button.") || (NAMED[key] && template?.header?.kind !== "text");
  return isNeeded && !isOther;
}

const plain = (name) => name.toLowerCase().replace(/[^\p{L}\d]/gu, "");

const KEY = /^(?:\d+|[a-z][a-z0-9_]*|header\.(?:[a-z0-9_]+|text\.[a-z0-9_]+)|button\.\d+\.(?:url|payload|code))$/;

/** Whether a key can name a place at all. */
export const isKey = (key) => KEY.test(key);
