// Every recipient of a job: searched, filtered by what became of them, a page at a time, as files.

import { address, get } from "./api.js";
import { h, refill } from "./dom.js";
import { badge, empty, field, loading, refusal, select } from "./parts.js";
import { MESSAGES } from "./states.js";
import { count, dialled, time, whyOf } from "./words.js";

const PAGE = 100;
const TYPING_MS = 300;
const TOGETHER = [
  ["sent,delivered,read", "taken by Meta"],
  ["failed,unknown,skipped,canceled", "did not go out, or in doubt"],
  ["queued,sending", "not yet sent"],
];
const TIMES = [
  ["claimedAt", "went to Meta"],
  ["sentAt", "taken by Meta"],
  ["deliveredAt", "delivered"],
  ["readAt", "read"],
  ["failedAt", "failed"],
  ["unknownAt", "in doubt since"],
  ["dueAt", "not tried before"],
];

/**
 * @param {HTMLElement} container @param {any} job the answer of GET /api/bulk/job/{id}
 * @param {import("./app.js").App} app @param {any} params `query` may have `state`, `code` and `q`
 * @returns {function(): void} cleans up
 */
export function showPeople(container, job, app, params) {
  const asked = params?.query ?? new URLSearchParams();
  const filter = { q: asked.get("q") ?? "", state: asked.get("state") ?? "", code: asked.get("code") ?? "" };
  const rows = h("tbody");
  const place = h("div");
  const files = h("p.actions");
  let after = 0;
  let turn = 0;
  let timer = 0;

  const load = async (isMore) => {
    const mine = ++turn;
    if (!isMore) refill(place, loading());
    const query = { ...filter, limit: PAGE, after: isMore ? after : "" };
    const answer = await get(`/api/bulk/job/${encodeURIComponent(job.jobId)}/messages`, { query });
    if (mine !== turn) return;
    if (!answer.ok) return refill(place, refusal(answer, () => load(isMore)));
    if (!isMore) rows.replaceChildren();
    const had = rows.children.length;
    after = answer.data.pagination.after;
    for (const message of answer.data.messages) rows.append(...rowsOf(message));
    refill(place, rows.children.length ? table(rows) : nobody(filter), answer.data.pagination.hasMore && more());
    if (isMore) rows.children[had]?.querySelector("a").focus(); // the button is made anew below them
    app.announce(`${count(rows.children.length / 2, "recipient")} shown`);
  };
  const more = () => h("p.actions", null, h("button", { type: "button", onclick: () => load(true) }, `Show ${PAGE} more`));
  const changed = (change, wait = 0) => {
    Object.assign(filter, change);
    refill(files, filesOf(job, filter));
    clearTimeout(timer);
    timer = setTimeout(() => load(false), wait);
  };
  container.append(h("section.card.people", { "aria-label": "Recipients" }, controls(job, filter, changed), files, place));
  changed({});
  return () => {
    turn += 1;
    clearTimeout(timer);
  };
}

function controls(job, filter, changed) {
  const states = [["", "any"], ...TOGETHER, ...Object.entries(MESSAGES).map(([state, { word }]) => [state, word])];
  const codes = [["", "any"], ...(job.errors ?? []).map(({ code, title }) => [String(code), `${code} ${title}`])];
  const search = h("input", { type: "search", value: filter.q, inputmode: "tel", oninput: (event) => changed({ q: event.target.value.trim() }, TYPING_MS) });
  const parts = [
    field("Number, or a part of it", search),
    field("What became of it", select(states, filter.state, { onchange: (event) => changed({ state: event.target.value }) })),
    codes.length > 1 && field("Refused with", select(codes, filter.code, { onchange: (event) => changed({ code: event.target.value }) })),
  ];
  return h("div.fields", null, parts.filter(Boolean).map((part) => part.root));
}

/** The same choice as files: what is seen is what is taken along. */
function filesOf(job, filter) {
  const of = (kind) => address(`/api/bulk/job/${job.jobId}/messages.${kind}`, filter);
  const isChosen = filter.q || filter.state || filter.code;
  return [
    h("span.muted", null, isChosen ? "These as" : "All as"),
    ["csv", "xlsx", "ndjson"].map((kind) => h("a.button", { href: of(kind), download: true }, kind.toUpperCase())),
  ];
}

function table(rows) {
  const names = ["Number", "State", "When", "Loop", "Why"];
  const head = h("thead", null, h("tr", null, names.map((name) => h("th", { scope: "col" }, name)), h("th", { scope: "col" }, h("span.unseen", null, "Details"))));
  return h("div.scroll", { tabindex: "0", role: "region", "aria-label": "Table of recipients" }, h("table", null, head, rows));
}

function rowsOf(message) {
  const told = h("tr.people-more", { hidden: true }, h("td", { colspan: 6 }, details(message)));
  const toggle = (event) => {
    told.hidden = !told.hidden;
    event.currentTarget.setAttribute("aria-expanded", String(!told.hidden));
  };
  const button = h("button.quiet", { type: "button", "aria-expanded": "false", "aria-label": `Details of ${dialled(message.to)}`, onclick: toggle }, "Details");
  const cells = [
    h("a", { href: `#/recipients/${message.to}` }, dialled(message.to)),
    badge(MESSAGES[message.state]),
    latest(message),
    String(message.loop),
    whyOf(message),
    button,
  ];
  return [h("tr", null, cells.map((cell) => h("td", null, cell))), told];
}

/** When the last of its times was. */
function latest(message) {
  const times = TIMES.slice(0, 6).map(([name]) => message[name]).filter(Boolean);
  return times.length ? time(times.sort().at(-1)) : "–";
}

/** All that is known of one message. */
export function details(message) {
  const times = TIMES.filter(([name]) => message[name]).map(([name, word]) => [word, time(message[name])]);
  const error = message.error;
  const pairs = [
    ["place in the job", String(message.seq)],
    ["attempts", String(message.attempts)],
    ...times,
    error && ["Meta said", [error.code, error.title, error.details].filter(Boolean).join(" · ")],
    error?.meaning && ["that means", error.meaning],
    message.messageId && ["Meta's id", message.messageId],
  ];
  return h("dl.facts", null, pairs.filter(Boolean).map(([name, value]) => h("div", null, h("dt", null, name), h("dd", null, value))));
}

function nobody({ q, state, code }) {
  if (q || state || code) return empty("Nobody fits", "No recipient of this job is in that state with that number. Choose less.");
  return empty("No recipients", "This job has none.");
}
