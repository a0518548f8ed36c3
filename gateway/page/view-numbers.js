// Numbers: what is sent from, how each stands, and the red button.

import { get } from "./api.js";
import { h, refill } from "./dom.js";
import { every } from "./live.js";
import { releaseEverything, releaseNumber, stopEverything, stopNumber } from "./numbers-brakes.js";
import { card, stopPicture } from "./numbers-card.js";
import { addNumber, changeNumber, dropNumber, newToken } from "./numbers-forms.js";
import { brakeText, nameOf } from "./numbers-words.js";
import { empty, loading, notice, refusal } from "./parts.js";

export const title = "Numbers";

const LOOK_MS = 3000;
const ASK_META_MS = 60000; // Meta is not asked more often than once a minute
const RATED = ["quality", "displayPhoneNumber", "verifiedName", "note"];

/** @param {HTMLElement} main @param {Record<string, any>} _params @param {import("./app.js").App} app */
export function show(main, _params, app) {
  const view = new Numbers(main, app);
  const looks = every(LOOK_MS, () => view.look());
  const asks = every(ASK_META_MS, () => view.askMeta());
  view.soon = () => looks.now();
  return () => {
    looks.stop();
    asks.stop();
  };
}

class Numbers {
  constructor(main, app) {
    this.app = app;
    this.cards = new Map();
    this.rated = new Map();
    this.numbers = null;
    this.brakes = [];
    this.soon = () => {};
    this.said = h("div");
    this.trouble = h("div");
    this.brake = h("div");
    this.list = h("div.numbers", null, loading());
    const stop = h("button.stop", { type: "button", onclick: () => this.pull(stopEverything, "Everything is stopped.") }, stopPicture(), "Stop everything");
    this.stop = app.may("control") ? stop : null;
    const add = app.may("admin") && h("button.primary", { type: "button", onclick: () => this.add() }, "Add a number");
    const head = h("div", null, h("h1", null, title), h("p.muted", null, "What is sent from, and how each stands."));
    main.append(h("div.head", null, head, h("div.actions", null, this.stop, add)), this.brake, this.said, this.trouble, this.list);
  }

  async look() {
    const [numbers, brakes] = await Promise.all([get("/api/numbers"), get("/api/pause")]);
    if (!numbers.ok || !brakes.ok) return this.failed(numbers.ok ? brakes : numbers);
    refill(this.trouble);
    this.numbers = numbers.data.numbers;
    this.brakes = brakes.data.brakes;
    return this.draw();
  }

  /** What Meta says comes later, and is kept beside what is known here. */
  async askMeta() {
    const answer = await get("/api/numbers", { query: { live: true } });
    if (!answer.ok) return;
    for (const number of answer.data.numbers) {
      this.rated.set(number.phoneNumberId, Object.fromEntries(RATED.map((name) => [name, number[name]])));
    }
    if (this.numbers) this.draw();
  }

  failed(answer) {
    if (this.trouble.textContent !== answer.message) refill(this.trouble, refusal(answer));
    if (!this.numbers) refill(this.list);
  }

  draw() {
    const all = this.brakes.find((brake) => brake.phoneNumberId === null);
    this.drawBrake(all);
    const known = new Set(this.numbers.map((number) => number.phoneNumberId));
    for (const [id, { root }] of this.cards) if (!known.has(id)) this.forget(id, root);
    if (!this.numbers.length) return this.nothing();
    if (!this.cards.size) refill(this.list);
    for (const number of this.numbers) {
      const rated = { ...number, ...this.rated.get(number.phoneNumberId) };
      const brake = this.brakes.find((one) => one.phoneNumberId === number.phoneNumberId) ?? null;
      this.cardOf(rated).update({ number: rated, brake, isAll: Boolean(all), service: this.app.service });
    }
    return undefined;
  }

  drawBrake(all) {
    if (this.stop) this.stop.hidden = Boolean(all);
    const asText = all ? JSON.stringify(all) : "";
    if (this.brake.dataset.shown === asText) return;
    this.brake.dataset.shown = asText;
    const release = this.app.may("control") && h("p.actions", null, h("button.primary", { type: "button", onclick: () => this.pull(() => releaseEverything(all), "Everything is released.") }, "Release everything"));
    refill(this.brake, all && notice("bad", "Everything is stopped", h("p", null, brakeText(all)), release || null));
  }

  nothing() {
    const add = this.app.may("admin") && h("button.primary", { type: "button", onclick: () => this.add() }, "Add a number");
    const text = "Set META_PHONE_NUMBER_ID and META_ACCESS_TOKEN in the environment of Loopcast, or add a number here: you need its phone number id and an access token, which Meta shows under API setup.";
    if (!this.list.querySelector(".empty")) refill(this.list, empty("No number is known yet", text, ...(add ? [add] : [])));
  }

  forget(id, root) {
    root.remove();
    this.cards.delete(id);
  }

  cardOf(number) {
    const id = number.phoneNumberId;
    if (!this.cards.has(id)) {
      const one = card(this.actsOf(id), this.app.may);
      this.cards.set(id, one);
      this.list.append(one.root);
    }
    return this.cards.get(id);
  }

  actsOf(id) {
    const now = () => ({ ...this.numbers.find((number) => number.phoneNumberId === id), ...this.rated.get(id) });
    const brake = () => this.brakes.find((one) => one.phoneNumberId === id);
    const name = () => nameOf(now());
    return {
      stop: () => this.pull(() => stopNumber(id, name()), `${name()} is stopped.`),
      release: () => this.pull(() => releaseNumber(id, name(), brake()), `${name()} is released.`),
      add: () => this.add(now()),
      change: () => this.keep(() => changeNumber(now(), this.app.service), `${name()} is changed.`),
      token: () => this.keep(() => newToken(now()), `${name()} sends with the new token.`),
      drop: () => this.pull(() => dropNumber(now()), `${name()} is dropped.`),
    };
  }

  add(known = null) {
    return this.keep(() => addNumber(this.app.service, known), "The number is added.");
  }

  async pull(ask, done) {
    if (!(await ask())) return;
    this.tell("ok", done);
    await this.soon();
  }

  async keep(ask, done) {
    const kept = await ask();
    if (!kept) return;
    const isUnsure = kept.checked === false && kept.note && !kept.note.startsWith("The token was not changed");
    this.tell(isUnsure ? "warn" : "ok", done, isUnsure ? kept.note : null);
    await Promise.all([this.soon(), this.askMeta()]);
  }

  tell(tone, text, more = null) {
    refill(this.said, notice(tone, null, h("p", null, more ? `${text} ${more}` : text)));
  }
}
