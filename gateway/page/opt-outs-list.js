// The list of opt-outs as a table, and the question before one of them is lifted.

import { del } from "./api.js";
import { askAndDo } from "./asking.js";
import { h } from "./dom.js";
import { liftOf, SCOPES, SOURCES } from "./opt-outs-words.js";
import { badge } from "./parts.js";
import { row, table } from "./rows.js";
import { dialled, time } from "./words.js";

/**
 * @param {any[]} suppressions of the API
 * @param {(function(any): void)|null} onLift null: the key may not
 */
export function listOf(suppressions, onLift) {
  const heads = ["Number", "Gets no", "Asked by", "Reason", "Since", ...(onLift ? [""] : [])];
  return table("Opt-outs, newest first", heads, suppressions.map((one) => rowOf(one, onLift)));
}

function rowOf(one, onLift) {
  const number = dialled(one.number);
  return row([
    ["Number", h("a", { href: `#/recipients/${encodeURIComponent(one.number)}`, title: "The whole story of this number" }, number)],
    ["Gets no", badge(SCOPES[one.scope])],
    ["Asked by", SOURCES[one.source].word],
    ["Reason", reasonOf(one)],
    ["Since", h("time", { datetime: one.at, title: new Date(one.at).toLocaleString() }, time(one.at))],
    ...(onLift ? [["", h("button.quiet", { type: "button", "aria-label": `Lift ${number}, asked by ${SOURCES[one.source].word}`, onclick: () => onLift(one) }, "Lift")]] : []),
  ]);
}

function reasonOf({ reason, jobId }) {
  return [reason, jobId ? [" ", h("a.small", { href: `#/jobs/${encodeURIComponent(jobId)}` }, "the job it answered")] : null];
}

/** Ask, and lift one row. Resolves to the answer, or null. */
export function lift(one) {
  const { title, text, confirm, tick, isGrave } = liftOf(one);
  const box = tick && h("input", { type: "checkbox", "aria-describedby": "lift-untold" });
  const error = h("p.field-error", { id: "lift-untold", hidden: true }, "Tick this first.");
  const act = async () => {
    const isMissing = Boolean(box) && !box.checked;
    error.hidden = !isMissing;
    if (box && isMissing) box.setAttribute("aria-invalid", "true");
    return isMissing ? null : del(`/api/suppressions/${encodeURIComponent(one.number)}?source=${one.source}`);
  };
  const content = box ? [h("label.choice", null, box, tick), error] : [];
  return askAndDo({ title, text, confirm, isGrave, content, act, back: "Leave it" });
}
