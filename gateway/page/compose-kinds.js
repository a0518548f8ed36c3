// What a file is that cannot be a list, by its bytes. Pure.

const READABLE = "Choose a CSV or XLSX.";

const KINDS = [
  [[0x89, 0x50, 0x4e, 0x47], "This is a picture, not a list."],
  [[0xff, 0xd8, 0xff], "This is a picture, not a list."],
  [[0x47, 0x49, 0x46, 0x38], "This is a picture, not a list."],
  [[0x25, 0x50, 0x44, 0x46, 0x2d], "This is a PDF, not a list."],
  [[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1], "This is an old Office file, such as an .xls. Save it as CSV or XLSX."],
];
const ZIP = [0x50, 0x4b, 0x03, 0x04];
const TEXT = new TextDecoder("latin1");

/**
 * What to say of a file that is none to be read; "" where the gateway may try. `head` and `tail` are
 * its first and its last bytes.
 * @param {{head: Uint8Array, tail: Uint8Array}} edges
 */
export function wrongKind({ head, tail }) {
  const begins = (bytes) => bytes.every((byte, at) => head[at] === byte);
  const said = KINDS.find(([bytes]) => begins(bytes))?.[1];
  if (said) return /Save it/.test(said) ? said : `${said} ${READABLE}`;
  return begins(ZIP) ? wrongArchive(TEXT.decode(head.slice(0, 200)), TEXT.decode(tail)) : "";
}

/** An archive that names no part of a workbook: its table of contents is at its end. */
function wrongArchive(start, end) {
  if (end.includes("xl/") || end.includes("xl\\")) return "";
  if (start.includes("opendocument.spreadsheet")) return "This is an OpenDocument table. Save it as CSV or XLSX.";
  if (end.includes("word/document")) return `This is a Word document, not a list. ${READABLE}`;
  return `This is a ZIP archive, not a list. ${READABLE}`;
}
