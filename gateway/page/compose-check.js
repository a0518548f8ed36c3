// What the gateway found in the list: how many can be sent to, what is rejected, what it guessed.

import { tally } from "./compose-words.js";
import { hasColumns, isFar } from "./compose-order.js";
import { readAnew } from "./compose-lists.js";
import { rejectedPart, twicePart } from "./compose-left-out.js";
import { isNumberless, lacksCountry, plainly } from "./compose-said.js";
import { drawnOf, told } from "./compose-controls.js";
import { h, say } from "./dom.js";
import { field, notice, select } from "./parts.js";
import { figure, percent } from "./words.js";

/** @returns {{root: HTMLElement, refresh: function(): void}} */
export function checkPart(ctx) {
  const found = h("div");
  const choices = h("div");
  const live = h("p.unseen", { role: "status" });
  const draw = drawnOf(found, (place, check) => place.append(...parts(ctx, check)));
  const drawChoices = drawnOf(choices, (place, isShown) => isShown && place.append(guesses(ctx)));
  return {
    root: h("div.check", null, found, choices, live),
    refresh() {
      draw(ctx.check);
      const { list } = ctx;
      const isShown = Boolean(list.upload) && hasColumns(list, ctx.read);
      drawChoices(isShown && [list.upload.id, list.column]);
      if (ctx.check?.state !== "asking") say(live, ctx.check?.state === "told" ? tally(ctx.check) : "");
    },
  };
}

function parts(ctx, check) {
  switch (check?.state) {
    case "asking":
      return [progress(ctx, check.share)];
    case "refused":
      return [unreadable(ctx, check.answer)];
    case "gone":
      return [notice("warn", "The file is no longer kept.", h("p", null, "Uploads are forgotten after 24 hours. Choose it again: everything else is still here."))];
    case "told":
      return isNumberless(check, ctx.read.entries) ? [numberless(ctx)] : [tallies(check), ...remarks(ctx, check), rejectedPart(check), twicePart(ctx, check)].filter(Boolean);
    default:
      return [];
  }
}

function unreadable(ctx, answer) {
  const isHeader = /hasHeader=false/.test(answer.message);
  const say_ = h("button", { type: "button", onclick: () => readAnew(ctx, { hasHeader: false }) }, "It is a recipient");
  return notice(isHeader ? "warn" : "bad", null, h("p", null, plainly(answer.message)), isHeader ? h("p", null, say_) : null);
}

function progress(ctx, share) {
  if (!isFar(ctx.list) || share === undefined) return h("p.hint", null, "Checking the list…");
  const words = share < 1 ? `Uploading, ${percent(share, 1)}` : "Uploaded. Reading the rows…";
  const bar = h("progress", { max: 1, "aria-label": "Upload" });
  if (share < 1) bar.value = share;
  return h("div", null, bar, h("p.hint", null, words));
}

function numberless(ctx) {
  const what = ctx.list.kind === "file" ? "file" : "list";
  return notice("warn", null, h("p", null, `There are no phone numbers in this ${what}.`), ctx.read.entries ? null : h("p", null, "If a column has some after all, choose it below."));
}

function tallies(check) {
  const one = (value, word, tone) => h("li", { class: value && tone ? tone : "" }, h("strong", null, figure(value)), ` ${word}`);
  return h(
    "ul.tallies",
    { "aria-label": "The list, checked" },
    one(check.valid, "valid", "is-ok"),
    one(check.duplicates, check.duplicates === 1 ? "duplicate" : "duplicates"),
    one(check.rejectedTotal, "rejected", "is-bad"),
    check.suppressed ? one(check.suppressed, "opted out, will be skipped", "is-warn") : null,
  );
}

function remarks(ctx, check) {
  const { warnings = [] } = check;
  const isOver = check.valid > ctx.service.hardCap;
  return [
    isOver ? notice("bad", null, h("p", null, `A job may have ${figure(ctx.service.hardCap)} recipients. Split the list.`)) : null,
    country(ctx, check),
    ...warnings.map((words) => notice("warn", null, h("p", null, plainly(words)))),
  ];
}

function country(ctx, check) {
  const { list } = ctx;
  const words = check.countryProblem ? plainly(check.countryProblem.message) : "";
  if (!words && !list.region && !check.rejected.some(lacksCountry)) return null;
  const choice = select([["", "Choose a country"], ...countries()], list.region);
  choice.addEventListener("change", () => readAnew(ctx, { region: choice.value }));
  const asked = field("Numbers without a country code are of", choice, { hint: isFar(list) && !ctx.file ? "Choose the file again for this: it is no longer at hand." : null });
  choice.disabled = isFar(list) && !ctx.file;
  if (list.region && !words) return asked.root;
  return notice("warn", null, h("p", null, words || "There are numbers without a country code. If they are all of one country, say which."), h("p", null, "Else write them with + and the country code."), asked.root);
}

let known = null;

/** Every country that this browser can name, by its two letters. */
function countries() {
  if (known) return known;
  const names = new Intl.DisplayNames(undefined, { type: "region", fallback: "none" });
  const letters = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"];
  const codes = letters.flatMap((first) => letters.map((second) => first + second)).filter((code) => !/^(EU|EZ|UN|X.|ZZ|Q.|A[A]|DD|FX|NT|SU|YD|YU|TP|ZR|BU|CS|NH|VD|RH|HV|DY|UK)$/.test(code));
  known = codes.map((code) => [code, names.of(code)]).filter(([, name]) => name).sort((one, other) => one[1].localeCompare(other[1]));
  return known;
}

const ENCODINGS = [
  ["", "as it was guessed"],
  ["windows-1252", "Western European (Windows-1252)"],
  ["windows-1250", "Central European (Windows-1250)"],
  ["windows-1251", "Cyrillic (Windows-1251)"],
  ["windows-1254", "Turkish (Windows-1254)"],
  ["windows-1256", "Arabic (Windows-1256)"],
  ["gb18030", "Chinese (GB 18030)"],
  ["big5", "Chinese (Big5)"],
  ["shift_jis", "Japanese (Shift JIS)"],
  ["utf-16-le", "Unicode (UTF-16)"],
];

/** How the file was read, each of it to be said otherwise. */
function guesses(ctx) {
  const { list } = ctx;
  const isStuck = isFar(list) && !ctx.file;
  const pick = (name, label, options, value, read = (given) => given) => {
    const choice = select(options, value, { disabled: isStuck && name !== "picked" });
    choice.addEventListener("change", () => {
      if (name === "picked") list.column = choice.value;
      readAnew(ctx, { [name]: read(choice.value) });
    });
    return told(ctx, name === "picked" ? "column" : `list.${name}`, label, choice);
  };
  const { columns, hasHeader, sheets, sheet, encoding } = list.upload;
  const head = [["true", "names of the columns"], ["false", "a recipient already"]];
  return h(
    "div.fields",
    null,
    pick("picked", "Column with the numbers", [["", "Choose a column"], ...columns.map((name) => [name, name])], list.column),
    pick("hasHeader", "The first row has", head, String(hasHeader), (given) => given === "true"),
    sheets.length > 1 ? pick("sheet", "Sheet", sheets.map((name) => [name, name]), sheet) : null,
    encoding && isFar(list) && encoding !== "UTF-8" ? pick("encoding", "Written in", ENCODINGS, list.encoding) : null,
  );
}
