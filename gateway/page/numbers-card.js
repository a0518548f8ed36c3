// One sending number: how it stands, and what can be done with it. Drawn once, then kept up to date.

import { h, picture, refill, say, unique } from "./dom.js";
import { brakeText, fullness, holds, knownBy, nameOf, paces, QUALITY, stateOf, usage, waiting } from "./numbers-words.js";
import { badge } from "./parts.js";
import { time } from "./words.js";

/**
 * @typedef {{number: any, brake: any, isAll: boolean, service: any}} Standing
 * @param {Record<string, function(any): void>} acts stop, release, add, change, token, drop
 * @param {function(string): boolean} may
 * @returns {{root: HTMLElement, update: function(Standing): void}}
 */
export function card(acts, may) {
  const heading = unique("number");
  const place = { name: h("h2", { id: heading }), known: h("p.known"), state: h("div.state"), body: h("div.body"), note: h("div") };
  const buttons = buttonsOf(acts, heading);
  const root = h(
    "article.card.number",
    { "aria-labelledby": heading },
    h("header", null, h("div", null, place.name, place.known), place.state),
    place.body,
    place.note,
    h("p.actions", null, Object.values(buttons)),
  );
  let last = "";
  const update = (standing) => {
    const asText = JSON.stringify(standing);
    if (asText === last && !standing.number.heldUntil && !standing.number.slowedUntil) return;
    last = asText;
    draw(place, standing);
    offer(buttons, standing, may);
    root.dataset.number = standing.number.phoneNumberId;
  };
  return { root, update };
}

function buttonsOf(acts, heading) {
  const button = (name, text, style = "") => h("button", { type: "button", class: style, "aria-describedby": heading, onclick: () => acts[name]() }, text);
  return {
    stop: button("stop", "Stop this number", "stop"),
    release: button("release", "Release", "primary"),
    add: button("add", "Add it with a token of its own"),
    change: button("change", "Change"),
    token: button("token", "New token"),
    drop: button("drop", "Drop", "quiet"),
  };
}

function draw(place, { number, brake, isAll, service }) {
  say(place.name, nameOf(number));
  refill(place.known, knownBy(number).map((text) => h("span", null, text)));
  refill(place.state, badge(stateOf(number, brake, isAll)));
  refill(place.body, standing(number, service), details(number, service));
  const stopped = brake && h("p.notice.bad", null, brakeText(brake));
  refill(place.note, stopped, holds(number).map((text) => h("p.notice.warn", null, text)));
}

/** Which buttons make sense: what the environment sets is changed there. */
function offer(buttons, { number, brake, service }, may) {
  const isKept = number.source === "stored";
  const isAdmin = may("admin");
  const wanted = {
    stop: may("control") && !brake,
    release: may("control") && Boolean(brake),
    add: isAdmin && !isKept && number.phoneNumberId !== service.phoneNumberId,
    change: isAdmin && isKept,
    token: isAdmin && isKept,
    drop: isAdmin && isKept,
  };
  const hadFocus = Object.keys(buttons).find((name) => buttons[name] === document.activeElement);
  for (const [name, button] of Object.entries(buttons)) button.hidden = !wanted[name];
  if (hadFocus && !wanted[hadFocus]) (wanted.release ? buttons.release : buttons.stop).focus();
}

function standing(number, service) {
  const [now, against] = paces(number, service);
  const [messages, jobs] = waiting(number.queue);
  return h("dl.stand", null, [
    number.quality && part("Quality at Meta", badge(QUALITY[number.quality] ?? QUALITY.UNKNOWN), QUALITY[number.quality]?.says),
    part("Pace now", now, against),
    part("Waits to be sent", messages, jobs),
    people(number),
  ]);
}

function part(name, value, more) {
  return h("div", null, h("dt", null, name), h("dd", null, h("span.value", null, value), more ? h("span.hint", null, more) : null));
}

function people({ limit }) {
  const { share, text, more } = usage(limit);
  return part("People in 24 hours, all numbers", text, [share === null ? null : meter(share, text), h("span", null, more)]);
}

function meter(share, text) {
  const full = fullness(share);
  const bar = h("span.meter", { role: "meter", "aria-label": "Used of the limit", "aria-valuemin": 0, "aria-valuemax": 100, "aria-valuenow": Math.round(share * 100), "aria-valuetext": full ? `${text}, ${full}` : text, class: full.replace(" ", "-") }, h("span"));
  bar.firstChild.style.setProperty("--share", share);
  return bar;
}

function details(number, service) {
  const facts = [
    number.tokenHint && ["Token", `ends in ${number.tokenHint}${by(number.tokenSetBy)}${number.tokenSetAt ? `, ${time(number.tokenSetAt)}` : ""}`],
    number.source !== "stored" && ["Token", ofEnvironment(number, service)],
    number.wabaId && ["Business account", number.wabaId],
    ["Webhooks", number.hasAppSecret ? "signed, and taken" : "no app secret is set: no receipts and no STOP come"],
    number.madeAt && ["Added", `${time(number.madeAt)}${by(number.madeBy)}`],
    number.changedAt && number.changedAt !== number.madeAt && ["Changed", `${time(number.changedAt)}${by(number.changedBy)}`],
    number.note && ["Meta", number.note],
  ].filter(Boolean);
  return h("dl.facts", null, facts.map(([name, text]) => h("div", null, h("dt", null, name), h("dd", null, text))));
}

const by = (who) => (who && who !== "local" ? ` by ${who}` : "");

function ofEnvironment(number, service) {
  const isDefault = number.phoneNumberId === service.phoneNumberId;
  return isDefault ? "set in the environment (META_ACCESS_TOKEN), and changed there" : "nobody has added this number: it is sent from with the environment's token";
}

/** A small red square, for the button that stops. */
export const stopPicture = () => picture("M4.5 4.5h7v7h-7z");
