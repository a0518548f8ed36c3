// Onto the opt-out list: numbers typed in, or a file of them.

import { post } from "./api.js";
import { askAndDo } from "./asking.js";
import { h, say } from "./dom.js";
import { changeOf, entriesOf, faultOf, onTheirLines } from "./opt-outs-words.js";
import { field, notice, select } from "./parts.js";
import { count, figure } from "./words.js";

const MOST_BYTES = 50 * 2 ** 20;
const IMPORT_MS = 600000; // as long as the gateway takes at most
const SHOWN = 20;

/** Numbers that are typed or pasted. Resolves to the answer, or null. */
export function addOptOuts(typed = "") {
  const numbers = field("Numbers", h("textarea", { value: typed, rows: 6, spellcheck: "false", autocomplete: "off", autofocus: true }), {
    hint: "One a line, or with commas between them, each with its country code.",
  });
  const scope = field("They get no more", select([["all", "messages of any kind"], ["marketing", "marketing messages"]], "all"));
  const reason = field("Reason", h("input", { type: "text", maxlength: 500, autocomplete: "off", placeholder: "asked by phone" }), { hint: "May stay empty." });
  const tally = h("p.hint", { role: "status" });
  numbers.control.addEventListener("input", () => say(tally, tallied(entriesOf(numbers.control.value))));
  const act = async () => {
    const entries = entriesOf(numbers.control.value);
    numbers.fail(faultOf(entries));
    return faultOf(entries) ? null : sent(entries, scope.control.value, reason.control.value.trim());
  };
  return askAndDo({
    title: "Add to the opt-outs",
    text: "They get nothing more of it, from the next message on, in jobs that are running as well.",
    confirm: "Add",
    content: [numbers.root, tally, h("div.fields", null, scope.root, reason.root)],
    act,
  });
}

const tallied = (entries) => (entries.length ? count(entries.length, "number") : "");

async function sent(entries, scope, reason) {
  const body = { numbers: entries.map((entry) => entry.text), scope, ...(reason ? { reason } : {}) };
  const answer = await post("/api/suppressions", body);
  const told = answer.ok ? answer.data : answer.details;
  if (told?.rejected) told.rejected = onTheirLines(told.rejected, entries);
  return answer;
}

/** A file: CSV, or a number a line. Resolves to the answer, or null. */
export function importOptOuts() {
  const file = field("File", h("input", { type: "file", accept: ".csv,.txt,.tsv,text/csv,text/plain", autofocus: true }), {
    hint: "A number a line, or CSV of up to 50 MB. Columns by name: number, scope (all or marketing), reason, at, source.",
  });
  const act = async () => {
    const [chosen] = file.control.files;
    const fault = wrongFile(chosen);
    file.fail(fault);
    return fault ? null : post("/api/suppressions/import", new Blob([chosen]), { headers: { "Content-Type": "text/csv" }, deadlineMs: IMPORT_MS });
  };
  return askAndDo({
    title: "Import opt-outs",
    text: "What can be read is taken, and every line that cannot is told. The same file twice changes nothing twice.",
    confirm: "Import",
    content: file.root,
    act,
  });
}

function wrongFile(chosen) {
  if (!chosen) return "Choose a file first.";
  if (!chosen.size) return "This file is empty.";
  if (/\.xlsx?$/i.test(chosen.name)) return "This is a workbook: save it as CSV first.";
  return chosen.size > MOST_BYTES ? "This file has more than 50 MB: split it, and import the parts." : null;
}

/** What became of a list, with the lines that were rejected. */
export function changeNotice(answer) {
  const { tone, text } = changeOf(answer);
  return notice(tone, null, h("p", null, text), answer.rejected?.length ? rejected(answer) : null);
}

function rejected({ rejected: rows, rejectedTotal }) {
  const shown = rows.slice(0, SHOWN);
  const rest = rejectedTotal - shown.length;
  return h(
    "ul.rejected",
    null,
    shown.map(({ line, value, reason }) => h("li", null, `Line ${figure(line)}: `, h("code", null, String(value)), ` – ${reason}`)),
    rest > 0 ? h("li", null, `and ${figure(rest)} more`) : null,
  );
}
