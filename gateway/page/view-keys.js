// Keys: who may what, until when, and which are used.

import { del, get } from "./api.js";
import { askAndDo } from "./asking.js";
import { fill, h, refill } from "./dom.js";
import { makeKey, showKey } from "./keys-make.js";
import { expiryOf, mayOf, oftenOf, stateOf, usedOf } from "./keys-words.js";
import { badge, empty, loading, notice, refusal } from "./parts.js";
import { row, table } from "./rows.js";
import { count, time } from "./words.js";

export const title = "Keys";

/** @param {HTMLElement} main @param {Record<string, any>} _params @param {import("./app.js").App} app */
export async function show(main, _params, app) {
  const said = h("div");
  const list = h("div", null, loading());
  const load = async () => {
    const answer = await get("/api/keys");
    refill(list, answer.ok ? lists(answer.data.keys, revoke, make) : refusal(answer, load));
  };
  const make = async () => {
    const made = await makeKey();
    if (!made) return;
    await showKey(made);
    refill(said, notice("ok", null, h("p", null, `The key of ${made.name} is made${app.service.holder.asksForKeys ? "." : "; it is asked for once API_KEYS is set."}`)));
    await load();
    button.focus();
  };
  const revoke = async (key) => {
    if (!(await askToRevoke(key, app.service.holder))) return;
    refill(said, notice("ok", null, h("p", null, `A key of ${key.name} is revoked.`)));
    await load();
    button.focus(); // the one that was pressed is gone with its row
  };
  const button = h("button.primary", { type: "button", onclick: make }, "Make a key");
  const heading = h("div", null, h("h1", null, title), h("p.muted", null, "Who may what. Each is told once, and can be revoked while everything runs."));
  fill(main, h("div.head", null, heading, h("div.actions", null, button)), open(app.service.holder), said, list);
  await load();
}

/** Where no keys are asked for, that comes first: keys of this list protect nothing yet. */
function open({ asksForKeys }) {
  if (asksForKeys) return null;
  return notice(
    "warn",
    "No keys are asked for",
    h("p", null, "Everybody on this machine may do everything, and no other machine can reach this page. To ask for keys, set API_KEYS in the environment, with a name and a secret of 8 characters or more, and start Loopcast anew:"),
    h("pre", { tabindex: 0, "aria-label": "The setting" }, "API_KEYS=admin:$(openssl rand -hex 24)"),
    h("p", null, "That key may everything. Those that are made here are asked for from then on, too."),
  );
}

function lists(keys, revoke, make) {
  if (!keys.length) {
    const button = h("button", { type: "button", onclick: make }, "Make a key");
    return empty("No key yet", "Make one for each program or person that uses Loopcast: it says what they may, can expire, and can be revoked without the others noticing.", button);
  }
  const live = keys.filter((key) => key.isLive);
  const over = keys.filter((key) => !key.isLive);
  return [
    live.length ? h("div.card.listed", null, tableOf("Keys that are valid", live, revoke)) : empty("No valid key", "All of them are revoked or have expired."),
    over.length ? h("details", null, h("summary", null, `${count(over.length, "key")} revoked or expired`), h("div.card.listed", null, tableOf("Keys that are over", over, null))) : null,
  ];
}

function tableOf(caption, keys, revoke) {
  const heads = ["Name", ...(revoke ? [] : ["State"]), "May", "Last used", "Expires", "Submits", "From", ...(revoke ? [""] : [])];
  return table(caption, heads, keys.map((key) => rowOf(key, revoke)));
}

function rowOf(key, revoke) {
  const state = stateOf(key);
  const expiry = expiryOf(key);
  const cells = [
    ["Name", [key.name, key.hint ? h("span.key-hint", null, `ends in ${key.hint}`) : null]],
    ...(revoke ? [] : [["State", [badge(state), h("span.key-hint", null, state.says)]]]),
    ["May", mayOf(key.scopes)],
    ["Last used", usedText(key)],
    ["Expires", h("span", { class: expiry.isSoon ? "is-warn" : "" }, expiry.isSoon ? `soon: ${expiry.text}` : expiry.text)],
    ["Submits", oftenOf(key.submissionsPerMinute)],
    ["From", fromOf(key)],
  ];
  return row(revoke ? [...cells, ["", revokeButton(key, revoke)]] : cells, { class: revoke ? "" : "is-over" });
}

const usedText = (key) => (key.source === "environment" ? "not kept" : usedOf(key));

function fromOf(key) {
  if (key.source === "environment") return "API_KEYS";
  const who = key.madeBy && key.madeBy !== "local" ? `made by ${key.madeBy}` : "made here";
  return `${who}, ${time(key.madeAt)}`;
}

function revokeButton(key, revoke) {
  if (key.source === "environment") return h("span.hint", null, "ends with a restart");
  return h("button.quiet", { type: "button", "aria-label": `Revoke the key of ${key.name} that ends in ${key.hint}`, onclick: () => revoke(key) }, "Revoke");
}

function askToRevoke(key, holder) {
  const isOwn = holder.asksForKeys && key.name === holder.name;
  const own = isOwn ? " It has your name: if it is the one that you are signed in with, you are signed out." : "";
  return askAndDo({
    title: `Revoke the key of ${key.name}?`,
    text: `The key that ends in ${key.hint} opens nothing any more, within 2 seconds. Last used: ${usedOf(key)}. Jobs that were made with it go on. It cannot be undone: whoever needs one gets another.${own}`,
    confirm: "Revoke it",
    isGrave: true,
    act: () => del(`/api/keys/${key.id}`),
    back: "Keep it",
  });
}
