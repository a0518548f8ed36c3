// One recipient's whole story: what they got from every job, and whether they want more.

import { get, post } from "./api.js";
import { h, refill } from "./dom.js";
import { details } from "./people.js";
import { ask, badge, empty, linkButton, loading, notice, refusal } from "./parts.js";
import { MESSAGES } from "./states.js";
import { count, dialled, time, whyOf } from "./words.js";

export const title = "Recipient";

const PAGE = 50;
const ASKED = { recipient: "they asked for it", meta: "they stopped it in WhatsApp", operator: "somebody here added it" };

/** @param {HTMLElement} main @param {Record<string, any>} params @param {import("./app.js").App} app */
export async function show(main, params, app) {
  const place = h("div");
  main.append(h("div.head", null, h("h1", null, dialled(params.number)), stopButton(params.number, app)), place);
  refill(place, loading());
  const answer = await get(`/api/recipients/${encodeURIComponent(params.number)}`, { query: { limit: PAGE } });
  if (answer.status === 404) return void refill(place, unknown());
  if (!answer.ok) return void refill(place, refusal(answer, app.reload));
  return void refill(place, optOuts(answer.data), story(answer.data, params.number, app));
}

function stopButton(number, app) {
  if (!app.may("control")) return null;
  const press = async () => {
    const text = "They get no message of any job any more, until it is lifted under Opt-outs.";
    if (!(await ask({ title: `Stop all messages to ${dialled(number)}?`, text, confirm: "Stop them", isGrave: true }))) return;
    const answer = await post("/api/suppressions", { number: dialled(number) });
    if (answer.ok) app.reload();
    else await ask({ title: "That was not done", text: answer.message, confirm: "All right" });
  };
  return h("button", { type: "button", onclick: press }, "Stop all messages");
}

function optOuts({ suppressed, suppressions }) {
  if (!suppressed) return null;
  const active = suppressions.filter((row) => !row.liftedAt);
  const what = suppressed === "all" ? "Gets no messages." : "Gets no marketing messages.";
  const lines = active.map((row) => h("li", null, `${row.reason} (${ASKED[row.source] ?? row.source}), ${time(row.at)}`));
  return notice("warn", what, h("ul", null, lines), h("p", null, h("a", { href: "#/opt-outs" }, "Opt-outs")));
}

function story({ messages, pagination }, number, app) {
  if (!messages.length) return empty("No messages yet", "No job of yours had one for them.", ...(app.may("send") ? [linkButton("#/new", "Compose")] : []));
  const list = h("ul.story", null, messages.map(entry));
  const more = pagination.hasMore && moreButton(list, pagination.after, number);
  return h("section.card", { "aria-label": "Messages" }, h("h2", null, `${count(messages.length, "message")}, newest first`), list, more);
}

function moreButton(list, after, number) {
  const button = h("button", { type: "button" }, "Show older ones");
  let next = after;
  button.addEventListener("click", async () => {
    const answer = await get(`/api/recipients/${encodeURIComponent(number)}`, { query: { limit: PAGE, after: next } });
    if (!answer.ok) return button.after(refusal(answer));
    list.append(...answer.data.messages.map(entry));
    next = answer.data.pagination.after;
    if (!answer.data.pagination.hasMore) button.remove();
    return undefined;
  });
  return h("p.actions", null, button);
}

function entry(message) {
  const job = h("a", { href: `#/jobs/${message.jobId}` }, message.campaignName ?? message.template ?? "Free text");
  const values = Object.entries(message.variables ?? {}).map(([place, value]) => `${place}: ${value}`);
  return h(
    "li", null,
    h("p.story-head", null, badge(MESSAGES[message.state]), h("strong", null, job), h("span.muted", null, time(message.createdAt))),
    why(message) && h("p", null, why(message)),
    h("details", null, h("summary", null, "Details"), details(message), values.length > 0 && h("p.small.muted", null, values.join(" · "))),
  );
}

/** Why it did not go, as far as it is told. */
const why = ({ reason, error }) => (error?.meaning ? `${error.code} ${error.meaning}` : whyOf({ reason, error }));

const unknown = () =>
  empty("Nobody knows this number", "None of your jobs had a message for it, and it never opted out.", linkButton("#/", "Jobs"));
