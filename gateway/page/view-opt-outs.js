// Opt-outs: who wants no messages, who said so, and what can be done about it.

import { address, get } from "./api.js";
import { fill, h, refill } from "./dom.js";
import { addOptOuts, changeNotice, importOptOuts } from "./opt-outs-add.js";
import { lift, listOf } from "./opt-outs-list.js";
import { SCOPES, SOURCES } from "./opt-outs-words.js";
import { empty, loading, notice, refusal, select } from "./parts.js";
import { count, dialled } from "./words.js";

export const title = "Opt-outs";

const A_PAGE = 50;

/** @param {HTMLElement} main @param {Record<string, any>} params @param {import("./app.js").App} app */
export async function show(main, params, app) {
  const view = new OptOuts(main, params, app);
  await view.load();
}

class OptOuts {
  constructor(main, params, app) {
    this.app = app;
    this.places = [null]; // where each page begins that was shown; the last is this one
    this.filters = filtersOf(params.query);
    this.tally = h("p.muted", { role: "status" });
    this.said = h("div");
    this.list = h("div", null, loading());
    fill(main, this.head(), unheard(app.service), this.said, this.bar(), this.list);
  }

  head() {
    const buttons = this.app.may("control") && [
      h("button", { type: "button", onclick: () => this.bring(importOptOuts) }, "Import a file"),
      h("button.primary", { type: "button", onclick: () => this.bring(addOptOuts) }, "Add numbers"),
    ];
    return h("div.head", null, h("div", null, h("h1", null, title), this.tally), h("div.actions", null, buttons));
  }

  bar() {
    const { number, source, scope } = this.filters;
    this.number = h("input", { type: "search", value: number, "aria-label": "Number", placeholder: "Find a number", autocomplete: "off", inputmode: "tel", "aria-describedby": "number-error" });
    this.error = h("p.field-error", { id: "number-error", hidden: true });
    this.source = select([["", "Asked by anybody"], ...Object.entries(SOURCES).map(([value, { all }]) => [value, all])], source, { "aria-label": "Asked by", onchange: () => this.chosen() });
    this.scope = select([["", "Of any kind"], ["all", "All messages"], ["marketing", "Marketing alone"]], scope, { "aria-label": "Gets no", onchange: () => this.chosen() });
    this.files = h("span.files");
    const form = h(
      "form.toolbar.finding",
      { role: "search", onsubmit: (event) => this.chosen(event) },
      this.number, h("button", { type: "submit" }, "Find"), this.source, this.scope, this.files,
    );
    this.number.addEventListener("search", () => this.number.value || this.chosen());
    return h("div", null, form, this.error);
  }

  chosen(event) {
    event?.preventDefault();
    this.filters = { number: this.number.value.trim(), source: this.source.value, scope: this.scope.value };
    history.replaceState(null, "", address("#/opt-outs", this.filters));
    this.places = [null];
    return this.load();
  }

  async load() {
    const turn = (this.turn = (this.turn ?? 0) + 1);
    const query = { ...this.filters, limit: A_PAGE, after: this.places.at(-1) };
    const answer = await get("/api/suppressions", { query });
    if (turn !== this.turn) return;
    this.offerFiles();
    this.fail(answer);
    if (answer.ok) this.draw(answer.data);
  }

  /** What is wrong with the number is said beside it, anything else in place of the list. */
  fail(answer) {
    const isNumber = answer.status === 400 && Boolean(this.filters.number);
    this.error.hidden = !isNumber;
    this.error.textContent = isNumber ? answer.message : "";
    if (isNumber) this.number.setAttribute("aria-invalid", "true");
    else this.number.removeAttribute("aria-invalid");
    if (!answer.ok) refill(this.list, isNumber ? null : refusal(answer, () => this.load()));
  }

  draw({ suppressions, pagination }) {
    const { number, source, scope } = this.filters;
    const isFiltered = Boolean(number || source || scope);
    this.tally.textContent = pagination.total ? told(pagination.total, isFiltered) : "Who wants no messages.";
    if (!suppressions.length) return refill(this.list, isFiltered ? this.notFound(number) : this.nobody());
    const onLift = this.app.may("control") ? (one) => this.lift(one) : null;
    return refill(this.list, h("div.card.listed", null, listOf(suppressions, onLift)), this.pager(pagination));
  }

  pager({ after, hasMore }) {
    if (!hasMore && this.places.length === 1) return null;
    const to = (places) => () => {
      this.places = places;
      return this.load().then(() => this.turned());
    };
    const newer = h("button", { type: "button", disabled: this.places.length === 1, onclick: to(this.places.slice(0, -1)) }, "Newer");
    const older = h("button", { type: "button", disabled: !hasMore, onclick: to([...this.places, after]) }, "Older");
    return h("nav.actions", { "aria-label": "Pages" }, newer, h("span.muted", null, `Page ${this.places.length}`), older);
  }

  /** The buttons were made anew with the page: reading goes on at its top. */
  turned() {
    this.list.scrollIntoView();
    this.list.tabIndex = -1;
    this.list.focus({ preventScroll: true });
  }

  notFound(number) {
    const clear = h("button", { type: "button", onclick: () => this.clear() }, "Show all");
    const story = number && h("a.button", { href: `#/recipients/${encodeURIComponent(number)}` }, "Its whole story");
    const text = number ? "No such row: nothing of this kind stops messages to it." : "Nobody on the list fits that.";
    return empty(number ? `${dialled(number)} is not on the list` : "Nothing found", text, ...[story, clear].filter(Boolean));
  }

  nobody() {
    const add = this.app.may("control") && h("button", { type: "button", onclick: () => this.bring(addOptOuts) }, "Add numbers");
    const text = "STOP is heard by itself: whoever writes it, or a word for it in one of fourteen languages, or presses such a button, comes onto this list and gets nothing more, in jobs that are running as well. Whom you know of otherwise, you add.";
    return empty("Nobody has opted out", text, ...(add ? [add] : []));
  }

  clear() {
    this.number.value = "";
    this.source.value = "";
    this.scope.value = "";
    this.number.focus();
    return this.chosen();
  }

  offerFiles() {
    const { source, scope } = this.filters;
    const link = (format, word) => h("a", { href: address("/api/suppressions/export", { format, source, scope }), download: true }, word);
    refill(this.files, "Export ", link(undefined, "CSV"), " ", link("ndjson", "NDJSON"));
  }

  async bring(ask) {
    const answer = await ask();
    if (!answer) return;
    refill(this.said, changeNotice(answer));
    this.places = [null];
    const pressed = document.activeElement;
    await this.load();
    if (!pressed.isConnected) this.number.focus(); // it stood where nobody was listed
  }

  async lift(one) {
    const answer = await lift(one);
    if (!answer) return;
    refill(this.said, notice(answer.remaining.length ? "warn" : "ok", null, h("p", null, liftedText(answer))));
    await this.load();
    this.number.focus();
  }
}

/** Filters of an address; what the API does not know is left out. */
function filtersOf(query) {
  const given = (name, known) => (known[query.get(name)] ? query.get(name) : "");
  return { number: query.get("number") ?? "", source: given("source", SOURCES), scope: given("scope", SCOPES) };
}

function told(total, isFiltered) {
  const rows = count(total, "opt-out");
  return isFiltered ? `${rows} of this kind.` : `${rows} in force. STOP is heard by itself.`;
}

function liftedText({ number, remaining }) {
  const who = dialled(number);
  if (!remaining.length) return `Lifted. Nothing stops messages to ${who} any more.`;
  const rest = remaining.map((row) => `${SCOPES[row.scope].word}, asked by ${SOURCES[row.source].word} (${row.reason})`);
  return `Lifted. Still in force for ${who}: ${rest.join("; ")}.`;
}

/** Where no webhooks come, no STOP is heard: that must be said where people rely on it. */
function unheard(service) {
  if (service.tracksReceipts) return null;
  return notice("warn", "STOP is not heard", h("p", null, "No webhooks come from Meta, because META_APP_SECRET is not set: what recipients write is not seen. Set it and Meta’s webhook; until then add them here by hand."));
}
