// The filter above the list of jobs.

import { fill, h, unique } from "./dom.js";
import { STATE_CHOICES } from "./jobs-query.js";
import { select } from "./parts.js";

const TYPING_MS = 300;

/**
 * @param {import("./jobs-query.js").JobFilter} filter
 * @param {function(object): void} changed gets what is different
 * @returns {{root: HTMLElement, show: function(import("./jobs-query.js").JobFilter): void, numbers: function(Array<[string, string]>): void, focus: function(): void, stop: function(): void}}
 */
export function filterBar(filter, changed) {
  let typing = 0;
  const search = h("input", { type: "search", placeholder: "Campaign, template or job id", maxlength: 100, value: filter.q, autocomplete: "off", spellcheck: "false" });
  const state = select(STATE_CHOICES, filter.state, {});
  const number = h("select", null, h("option", { value: "" }, "Any number"));
  const tests = h("input", { type: "checkbox", checked: filter.tests });
  const numberField = labelled("Sending number", number);
  numberField.hidden = true;
  const typed = () => {
    clearTimeout(typing);
    typing = setTimeout(() => changed({ q: search.value.trim() }), TYPING_MS);
  };
  search.addEventListener("input", typed);
  state.addEventListener("change", () => changed({ state: state.value }));
  number.addEventListener("change", () => changed({ number: number.value }));
  tests.addEventListener("change", () => changed({ tests: tests.checked }));
  const root = h("form.toolbar.jobs-filter", { role: "search", "aria-label": "Jobs", onsubmit: (event) => event.preventDefault() },
    labelled("Search jobs", search), labelled("State", state), numberField, h("label.choice", null, tests, "Test sends"));
  return {
    root,
    show: (now) => Object.assign(search, { value: now.q }) && Object.assign(state, { value: now.state }) && Object.assign(number, { value: now.number }) && Object.assign(tests, { checked: now.tests }),
    numbers: (known) => offered(number, numberField, known, filter.number),
    focus: () => search.focus(),
    stop: () => clearTimeout(typing),
  };
}

function labelled(word, control) {
  control.id = unique("filter");
  return h("div", null, h("label.unseen", { for: control.id }, word), control);
}

function offered(number, place, known, chosen) {
  fill(number, known.map(([id, word]) => h("option", { value: id, selected: id === chosen }, word)));
  place.hidden = known.length < 2;
}
